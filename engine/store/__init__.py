"""The store: tables, the places where the two databases differ, migrations, ingest."""
