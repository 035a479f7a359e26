/*
 * The database schema as text (src/store/sql/); store/db.c applies it.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/* The newest version. A fresh database gets migrations 1 .. schema_version() in order, then the
 * triggers. */
int schema_version(void);

/* The statements of one migration, 1 .. schema_version(). */
const char *schema_migration(int version);

/* The statements that create every trigger that is not there, for new databases and for putting
 * them back when somebody's own migration dropped them. */
const char *schema_triggers(void);

#endif
