/*
 * The SQL files of sql/, embedded byte for byte. A new version of the schema is a new numbered
 * file and a new line in the table below; a file that was released never changes.
 */
#include "store/schema.h"

#include <assert.h>

#define EMBED(symbol, path)                                                                        \
    extern const char symbol[];                                                                    \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"" path "\"\n.byte 0\n.previous\n")

EMBED(schema_001, "src/store/sql/001.sql");
EMBED(schema_triggers_sql, "src/store/sql/triggers.sql");

static const char *const migrations[] = {schema_001};

#define VERSIONS (int)(sizeof(migrations) / sizeof(migrations[0]))

int schema_version(void)
{
    return VERSIONS;
}

const char *schema_migration(int version)
{
    assert(version >= 1 && version <= VERSIONS);
    return migrations[version - 1];
}

const char *schema_triggers(void)
{
    return schema_triggers_sql;
}
