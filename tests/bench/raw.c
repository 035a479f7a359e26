/*
 * The machine's limit: what SQLite alone takes to put down the rows that planning gave.
 *
 *     raw PLANNED EMPTY
 *
 * Reads the entities, events and messages of the database PLANNED into memory and inserts them, in
 * the order of their ids, into EMPTY, a database that `betimes init` made: same schema, same
 * indexes, prepared statements, one transaction, synced at its end. Prints the seconds that the
 * transaction took, and the number of rows. Reading the records, planning and everything else that
 * the service does comes on top, so no planner that writes these rows is faster on one core.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define COLUMNS_MAX 32

static void fail(sqlite3 *db, const char *doing)
{
    fprintf(stderr, "raw: %s: %s\n", doing, sqlite3_errmsg(db));
    exit(1);
}

struct row {
    sqlite3_value *values[COLUMNS_MAX];
};

struct rows {
    struct row *items;
    size_t count, cap;
    int columns;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail(db, sql);
    return st;
}

static struct rows read_table(sqlite3 *db, const char *table)
{
    char *sql = mem_printf("SELECT * FROM %s ORDER BY 1", table);
    sqlite3_stmt *st = prepare(db, sql);
    struct rows r = {.columns = sqlite3_column_count(st)};

    if (r.columns > COLUMNS_MAX)
        fail(db, "more columns than this program has room for");
    while (sqlite3_step(st) == SQLITE_ROW) {
        mem_grow(&r.items, &r.cap, r.count + 1, sizeof(*r.items));
        struct row *row = &r.items[r.count++];
        for (int i = 0; i < r.columns; i++)
            row->values[i] = sqlite3_value_dup(sqlite3_column_value(st, i));
    }
    sqlite3_finalize(st);
    free(sql);
    return r;
}

static void insert(sqlite3 *db, const char *table, const struct rows *r)
{
    char *sql = mem_printf("INSERT INTO %s VALUES (?1", table);
    for (int i = 1; i < r->columns; i++) {
        char *longer = mem_printf("%s, ?%d", sql, i + 1);
        free(sql);
        sql = longer;
    }
    char *whole = mem_printf("%s)", sql);
    sqlite3_stmt *st = prepare(db, whole);

    for (size_t i = 0; i < r->count; i++) {
        for (int k = 0; k < r->columns; k++)
            sqlite3_bind_value(st, k + 1, r->items[i].values[k]);
        if (sqlite3_step(st) != SQLITE_DONE)
            fail(db, table);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    free(whole);
    free(sql);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(db, sql);
}

static void free_rows(struct rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        for (int k = 0; k < r->columns; k++)
            sqlite3_value_free(r->items[i].values[k]);
    free(r->items);
}

int main(int argc, char **argv)
{
    static const char *const tables[] = {"entity", "event", "message"};
    struct rows rows[3];
    size_t count = 0;
    sqlite3 *from, *to;

    if (argc != 3) {
        fprintf(stderr, "raw PLANNED EMPTY\n");
        return 2;
    }
    if (sqlite3_open(argv[1], &from) != SQLITE_OK)
        fail(from, argv[1]);
    if (sqlite3_open(argv[2], &to) != SQLITE_OK)
        fail(to, argv[2]);
    for (int i = 0; i < 3; i++) {
        rows[i] = read_table(from, tables[i]);
        count += rows[i].count;
    }
    run(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096;"
            "PRAGMA foreign_keys = OFF");
    int64_t began_us = clock_mono_us();
    run(to, "BEGIN IMMEDIATE");
    for (int i = 0; i < 3; i++)
        insert(to, tables[i], &rows[i]);
    run(to, "COMMIT");
    int64_t took_us = clock_mono_us() - began_us;
    printf("%.3f %zu\n", (double)took_us / 1e6, count);
    for (int i = 0; i < 3; i++)
        free_rows(&rows[i]);
    sqlite3_close(from);
    sqlite3_close(to);
    return 0;
}
