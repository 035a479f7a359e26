/*
 * The files of a run's database, in memory: a run opens, reads and writes them a hundred thousand
 * times, and asking the kernel each time would be a good part of its time. What they hold is shared
 * between the children of the run and outlives each of them, as a disk outlives a process; locks
 * and the WAL's index belong to the child, as they do to a process. All connections of a run are in
 * one process, so no lock is ever waited for in here.
 *
 * The database has an empty file of its name in the run's folder, for those who look whether it is
 * there. Everything else about files is disk.c's: which faults they have, and when.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sim.h"

#define FILE_BYTES_MAX                                                                             \
    (INT64_C(1) << 30) /* of each file: address space, until it is written to                      \
                        */
#define INDEX_PAGES_MAX 256

static const char *const endings[RAM_FILES] = {"", "-wal", "-journal"};

struct ram_place {
    int64_t size;
    bool exists;
};

/* In memory shared with the children. */
struct ram_disk {
    struct ram_place places[RAM_FILES];
};

static struct ram_disk *ram;
static char *bytes[RAM_FILES];

/* Of this process. */
static struct ram_open *opened; /* every open file of the database itself */
static void *pages[INDEX_PAGES_MAX];

void ram_make(void)
{
    ram = sim_share(sizeof(*ram));
    for (int i = 0; i < RAM_FILES; i++)
        bytes[i] = sim_share(FILE_BYTES_MAX);
}

int ram_find(const char *name)
{
    size_t n = strlen(S->database);

    for (int i = 0; name != NULL && i < RAM_FILES; i++)
        if (strncmp(name, S->database, n) == 0 && strcmp(name + n, endings[i]) == 0)
            return i;
    return -1;
}

bool ram_exists(int file)
{
    return ram->places[file].exists;
}

void ram_delete(int file)
{
    ram->places[file] = (struct ram_place){0};
}

void ram_save(void)
{
    struct err err = {""};

    for (int i = 0; i < RAM_FILES; i++) {
        char *path = mem_printf("%s%s", S->database, endings[i]);
        if (ram->places[i].exists &&
            fs_write_atomic(path, bytes[i], (size_t)ram->places[i].size, 0644, &err) != 0)
            fprintf(stderr, "sim: %s\n", err.text);
        free(path);
    }
}

int ram_open(struct ram_open *f, int file, int flags)
{
    if (!ram->places[file].exists && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (!ram->places[file].exists && file == 0)
        close(open(S->database, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    ram->places[file].exists = true;
    *f = (struct ram_open){.file = file};
    if (file == 0) {
        f->next = opened;
        opened = f;
    }
    return SQLITE_OK;
}

void ram_close(struct ram_open *f)
{
    for (struct ram_open **link = &opened; *link != NULL; link = &(*link)->next)
        if (*link == f) {
            *link = f->next;
            return;
        }
}

/* --- what they hold --- */

int64_t ram_size(int file)
{
    return ram->places[file].size;
}

void ram_resize(int file, int64_t size)
{
    struct ram_place *p = &ram->places[file];

    if (size < p->size) /* what is grown again reads as zeros */
        memset(bytes[file] + size, 0, (size_t)(p->size - size));
    p->size = size;
}

int ram_read(int file, void *out, int n, int64_t at)
{
    int64_t left = ram->places[file].size - at;
    int had = left < 0 ? 0 : left < n ? (int)left : n;

    memcpy(out, bytes[file] + at, (size_t)had);
    memset((char *)out + had, 0, (size_t)(n - had));
    return had;
}

int ram_write(int file, const void *data, int n, int64_t at)
{
    struct ram_place *p = &ram->places[file];

    if (at + n > FILE_BYTES_MAX)
        return SQLITE_FULL;
    memcpy(bytes[file] + at, data, (size_t)n);
    if (at + n > p->size)
        p->size = at + n;
    return SQLITE_OK;
}

/* --- locks --- */

static int highest(const struct ram_open *but)
{
    int level = SQLITE_LOCK_NONE;

    for (const struct ram_open *o = opened; o != NULL; o = o->next)
        if (o != but && o->level > level)
            level = o->level;
    return level;
}

/* As SQLite's documentation of its locks has it: readers share, one may reserve, one that is
 * pending lets no new reader in, one that is exclusive is alone. */
int ram_lock(struct ram_open *f, int level)
{
    int others = highest(f);

    if (f->level >= level)
        return SQLITE_OK;
    if ((level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) ||
        (level == SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others > SQLITE_LOCK_NONE) {
        if (others == SQLITE_LOCK_SHARED)
            f->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    f->level = level;
    return SQLITE_OK;
}

int ram_unlock(struct ram_open *f, int level)
{
    f->level = f->level < level ? f->level : level;
    return SQLITE_OK;
}

bool ram_reserved(void)
{
    return highest(NULL) >= SQLITE_LOCK_RESERVED;
}

/* --- the WAL's index --- */

int ram_index_map(struct ram_open *f, int page, int size, bool extend, void volatile **out)
{
    f->indexed = true;
    if (page >= INDEX_PAGES_MAX)
        return SQLITE_FULL;
    if (pages[page] == NULL && extend)
        pages[page] = mem_zalloc((size_t)size);
    *out = pages[page];
    return SQLITE_OK;
}

int ram_index_lock(struct ram_open *f, int at, int n, int flags)
{
    unsigned mask = ((1u << n) - 1) << at, shared = 0, alone = 0;

    if (flags & SQLITE_SHM_UNLOCK) {
        f->shared &= ~mask;
        f->alone &= ~mask;
        return SQLITE_OK;
    }
    for (const struct ram_open *o = opened; o != NULL; o = o->next)
        if (o != f) {
            shared |= o->shared;
            alone |= o->alone;
        }
    if ((alone & mask) != 0 || ((flags & SQLITE_SHM_EXCLUSIVE) && (shared & mask) != 0))
        return SQLITE_BUSY;
    if (flags & SQLITE_SHM_EXCLUSIVE)
        f->alone |= mask;
    else
        f->shared |= mask;
    return SQLITE_OK;
}

/* The last that uses the index takes it along. */
void ram_index_drop(struct ram_open *f)
{
    f->shared = f->alone = 0;
    f->indexed = false;
    for (const struct ram_open *o = opened; o != NULL; o = o->next)
        if (o->indexed)
            return;
    for (int i = 0; i < INDEX_PAGES_MAX; i++) {
        free(pages[i]);
        pages[i] = NULL;
    }
}
