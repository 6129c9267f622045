"""How a store of any earlier version becomes one of this version: Alembic's revisions, for both databases."""
