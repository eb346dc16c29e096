"""Django REST framework, closed and limited. The only package that imports ``rest_framework``."""
