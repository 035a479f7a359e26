/* The memory that SQLite takes. See store/memory.h. */
#include "store/memory.h"

#include <pthread.h>
#include <sqlite3.h>

static sqlite3_mem_methods plain; /* SQLite's own */
static _Thread_local int64_t used;

static void *take(int size)
{
    void *p = plain.xMalloc(size);

    if (p != NULL)
        used += plain.xSize(p);
    return p;
}

static void give_back(void *p)
{
    used -= plain.xSize(p);
    plain.xFree(p);
}

static void *resize(void *p, int size)
{
    int before = plain.xSize(p);
    void *q = plain.xRealloc(p, size);

    if (q != NULL)
        used += plain.xSize(q) - before;
    return q;
}

static void count_apart(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) != SQLITE_OK)
        return;
    sqlite3_mem_methods counted = plain;
    counted.xMalloc = take;
    counted.xFree = give_back;
    counted.xRealloc = resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void store_memory_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, count_apart);
}

int64_t store_memory_used(void)
{
    return used;
}
