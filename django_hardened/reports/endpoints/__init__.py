"""The endpoints of a project, for people and for machines."""
