"""A library, with a field for each widget that the admin has."""

from __future__ import annotations

from django.db import models


class Named(models.Model):
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Author(Named):
    pass


class Shelf(Named):
    pass


class Tag(Named):
    pass


class Reader(Named):
    pass


class Book(models.Model):
    KINDS = {"novel": "Novel", "poems": "Poems"}

    title = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    kind = models.CharField(max_length=10, choices=KINDS, default="novel")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    shelf = models.ForeignKey(Shelf, on_delete=models.SET_NULL, null=True, blank=True)
    owner = models.ForeignKey(Reader, on_delete=models.SET_NULL, null=True, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)
    readers = models.ManyToManyField(Reader, blank=True, related_name="read")
    printed = models.DateField()
    lent = models.DateTimeField(null=True, blank=True)
    is_lent = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Chapter(Named):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    read = models.DateField(null=True, blank=True)


class Copy(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    number = models.CharField(max_length=10)

    def __str__(self) -> str:
        return self.number
