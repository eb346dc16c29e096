"""They parse, call and print; the decisions are made below them."""
