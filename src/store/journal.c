/*
 * Journals (the -wal file beside a database) that could end up in another database than their own:
 * SQLite knows them by their name alone. A database that is moved away leaves its journal behind;
 * one that is put in the place of another finds that one's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/internal.h"

#define JOURNAL_PATIENCE_MS 1000

void store_empty_journal(struct store *s)
{
    sqlite3_busy_timeout(s->db, JOURNAL_PATIENCE_MS);
    if (store_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
        log_warning("the journal of the moved database could not be emptied", "words=\"%s\"",
                    s->error);
}

/* How the database's first page says that it is written: 1, without a WAL; 2, with one; 0: it
 * cannot be read. Through SQLite, which closes nothing that would take another connection's locks
 * away. */
static int journal_kind(const char *path)
{
    unsigned char head[20] = {0};
    sqlite3_file *f = NULL;
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f != NULL &&
        f->pMethods != NULL && f->pMethods->xRead(f, head, sizeof(head), 0) != SQLITE_OK)
        head[18] = 0;
    sqlite3_close(db);
    return head[18];
}

void store_put_aside_journal(const char *path)
{
    char *wal = mem_printf("%s-wal", path), *shm = mem_printf("%s-shm", path);
    char *aside = mem_printf("%s-wal.foreign", path);
    struct stat st;

    if (stat(wal, &st) == 0 && st.st_size > 0 && journal_kind(path) == 1 &&
        rename(wal, aside) == 0) {
        unlink(shm);
        log_warning("a journal that does not belong to the database was put aside", "path=%s",
                    aside);
    }
    free(wal);
    free(shm);
    free(aside);
}
