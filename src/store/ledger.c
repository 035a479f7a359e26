/*
 * The send ledger. See store/ledger.h.
 *
 * The file is a head and then records, all of SLOT bytes, little-endian, each with a CRC-32C of the
 * rest of it. The record with the number n stands in slot n - base, where base is the number before
 * the file's first record: so where the records end is found by halving, and no length has to be
 * kept. Zeros follow them, written in advance; a record that a power cut tore is no record, and the
 * next one takes its slot.
 *
 * The disk is waited for in a thread of its own, while the turn that wrote goes on: ledger_wait is
 * where it has to have the records.
 */
#include "store/ledger.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/beside.h"

#define SLOT 64
#define AHEAD 16384    /* slots of zeros written at a time: 1 MB */
#define AHEAD_LOW 8192 /* write more when fewer are left */
#define READ_SLOTS 1024
#define DAY_MS INT64_C(86400000)
#define LATER_MS 5000 /* before another try to write ahead */
#define MAGIC "BetimesL"
#define VERSION 1

struct ledger {
    char *path, *old_path;
    char identity[LEDGER_IDENTITY_MAX + 1];
    int fd;
    int64_t base;     /* the number before the first record of this file */
    int64_t begun_ms; /* when the file was begun */
    int64_t last;     /* the number of the last record on the disk */
    int64_t capacity; /* slots that are there, written or zeros */
    unsigned char *notes;
    size_t count, cap; /* of notes */
    int64_t later_ms;  /* no try to write ahead before */
    bool troubled;     /* it was said already */
    struct beside *syncer;
    bool syncing;
    int64_t synced_ms; /* the time for what follows the sync under way */
};

/* --- records as bytes --- */

static uint32_t crc32c(const unsigned char *data, size_t len)
{
    static uint32_t table[256];
    uint32_t crc = ~0u;

    if (table[1] == 0)
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++)
                c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
            table[i] = c;
        }
    for (size_t i = 0; i < len; i++)
        crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
    return ~crc;
}

static void put64(unsigned char *at, int64_t v)
{
    uint64_t le = htole64((uint64_t)v);

    memcpy(at, &le, sizeof(le));
}

static int64_t get64(const unsigned char *at)
{
    uint64_t le;

    memcpy(&le, at, sizeof(le));
    return (int64_t)le64toh(le);
}

static void seal(unsigned char *slot)
{
    uint32_t le = htole32(crc32c(slot + 4, SLOT - 4));

    memcpy(slot, &le, sizeof(le));
}

static bool is_sealed(const unsigned char *slot)
{
    uint32_t le;

    memcpy(&le, slot, sizeof(le));
    return le32toh(le) == crc32c(slot + 4, SLOT - 4);
}

/* crc 4, kind 1, unused 3, number 8, key 16, message 8, at 8, epoch 8, unused 8 */
static void write_slot(unsigned char *slot, const struct ledger_record *r)
{
    memset(slot, 0, SLOT);
    slot[4] = (unsigned char)r->kind;
    put64(slot + 8, r->number);
    memcpy(slot + 16, r->key.bytes, LEDGER_KEY_BYTES);
    put64(slot + 32, r->message_id);
    put64(slot + 40, r->at_ms);
    put64(slot + 48, r->epoch);
    seal(slot);
}

/* false: there is no record of this number in the slot. */
static bool read_slot(const unsigned char *slot, int64_t number, struct ledger_record *out)
{
    if (!is_sealed(slot) || get64(slot + 8) != number || slot[4] == 0)
        return false;
    *out = (struct ledger_record){
        .number = number,
        .kind = (enum ledger_kind)slot[4],
        .message_id = get64(slot + 32),
        .at_ms = get64(slot + 40),
        .epoch = get64(slot + 48),
    };
    memcpy(out->key.bytes, slot + 16, LEDGER_KEY_BYTES);
    return true;
}

/* crc 4, version 4, magic 8, base 8, begun 8, identity 32 */
static void write_head(unsigned char *slot, const struct ledger *l)
{
    memset(slot, 0, SLOT);
    slot[4] = VERSION;
    memcpy(slot + 8, MAGIC, 8);
    put64(slot + 16, l->base);
    put64(slot + 24, l->begun_ms);
    memcpy(slot + 32, l->identity, LEDGER_IDENTITY_MAX);
    seal(slot);
}

enum head { HEAD_OURS, HEAD_FOREIGN, HEAD_NONE };

static enum head read_head(int fd, const char *identity, int64_t *base, int64_t *begun_ms)
{
    unsigned char slot[SLOT];
    char expected[LEDGER_IDENTITY_MAX] = "";

    if (pread(fd, slot, SLOT, 0) != SLOT || !is_sealed(slot) || memcmp(slot + 8, MAGIC, 8) != 0 ||
        slot[4] != VERSION)
        return HEAD_NONE;
    *base = get64(slot + 16);
    *begun_ms = get64(slot + 24);
    memcpy(expected, identity, strnlen(identity, sizeof(expected)));
    return memcmp(slot + 32, expected, sizeof(expected)) == 0 ? HEAD_OURS : HEAD_FOREIGN;
}

static bool record_at(int fd, int64_t base, int64_t number, struct ledger_record *out)
{
    unsigned char slot[SLOT];

    return pread(fd, slot, SLOT, (number - base) * SLOT) == SLOT && read_slot(slot, number, out);
}

static int64_t slots_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_size >= SLOT ? st.st_size / SLOT - 1 : 0;
}

/* The number of the last record: records and then none, so halving finds it. */
static int64_t find_last(int fd, int64_t base)
{
    struct ledger_record r;
    int64_t low = 0, high = slots_of(fd); /* slot `low` has one (or is the head) */

    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (record_at(fd, base, base + middle, &r))
            low = middle;
        else
            high = middle - 1;
    }
    return base + low;
}

/* --- the file --- */

static int write_at(int fd, const void *data, size_t len, off_t at)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
        p += n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Real zeros and not a promise of blocks: a disk that is full must be able to take the records, and
 * a record must cost one write to what is there and no change of the file's shape. */
static int write_ahead(struct ledger *l)
{
    static const unsigned char zeros[256 * SLOT];
    int rc = 0;

    for (int i = 0; rc == 0 && i < AHEAD; i += 256) {
        rc = write_at(l->fd, zeros, sizeof(zeros), (1 + l->capacity) * SLOT);
        if (rc == 0)
            l->capacity += 256;
    }
    return rc;
}

/* A new file, whole before it has its name. */
static int begin_file(struct ledger *l, int64_t base, int64_t now_ms)
{
    unsigned char head[SLOT];
    char *new_path = mem_printf("%s.new", l->path);

    l->base = l->last = base;
    l->begun_ms = now_ms;
    l->capacity = 0;
    l->fd = open(new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
    int rc = l->fd >= 0 ? 0 : errno == ENOSPC ? ERR_FULL : ERR_IO;
    write_head(head, l);
    if (rc == 0)
        rc = write_at(l->fd, head, SLOT, 0);
    if (rc == 0)
        rc = write_ahead(l);
    if (rc == 0 && (fsync(l->fd) < 0 || rename(new_path, l->path) < 0))
        rc = ERR_IO;
    if (rc == 0)
        rc = fs_sync_folder(l->path);
    if (rc != 0) {
        int saved = errno;
        unlink(new_path);
        if (l->fd >= 0)
            close(l->fd);
        l->fd = -1;
        errno = saved;
    }
    free(new_path);
    return rc;
}

static int open_file(struct ledger *l, int64_t seen, int64_t now_ms, struct ledger_found *found,
                     struct err *err)
{
    l->fd = open(l->path, O_RDWR | O_CLOEXEC);
    if (l->fd < 0 && errno != ENOENT)
        return err_errno(err, errno, "%s", l->path);
    if (l->fd >= 0) {
        enum head head = read_head(l->fd, l->identity, &l->base, &l->begun_ms);
        l->last = head == HEAD_OURS ? find_last(l->fd, l->base) : 0;
        if (head == HEAD_OURS && l->last >= seen) {
            l->capacity = slots_of(l->fd);
            return 0;
        }
        found->foreign = head != HEAD_OURS;
        found->behind = head == HEAD_OURS;
        close(l->fd);
        l->fd = -1;
        if (rename(l->path, l->old_path) < 0)
            return err_errno(err, errno, "%s", l->old_path);
    }
    found->made = true;
    int rc = begin_file(l, seen, now_ms);
    return rc == 0 ? 0 : err_errno(err, errno, "%s", l->path);
}

static bool sync_file(void *arg)
{
    const struct ledger *l = arg;

    return fdatasync(l->fd) == 0;
}

int ledger_open(const char *path, const char *identity, int64_t seen, int64_t now_ms,
                struct ledger **out, struct ledger_found *found, struct err *err)
{
    struct ledger *l = mem_zalloc(sizeof(*l));
    struct ledger_record last;

    *found = (struct ledger_found){0};
    *out = NULL;
    l->path = mem_strdup(path);
    l->old_path = mem_printf("%s.old", path);
    l->fd = -1;
    l->syncer = beside_create(sync_file, l, "the syncer");
    memcpy(l->identity, identity, strnlen(identity, LEDGER_IDENTITY_MAX));
    int rc = open_file(l, seen, now_ms, found, err);
    if (rc != 0) {
        ledger_close(l);
        return rc;
    }
    if (l->last > l->base && record_at(l->fd, l->base, l->last, &last))
        found->last_epoch = last.epoch;
    *out = l;
    return 0;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    beside_free(l->syncer);
    if (l->fd >= 0)
        close(l->fd);
    free(l->notes);
    free(l->path);
    free(l->old_path);
    free(l);
}

int64_t ledger_last(const struct ledger *l)
{
    return l->last;
}

int64_t ledger_room(const struct ledger *l)
{
    return l->capacity - (l->last - l->base) - (int64_t)l->count;
}

/* --- writing --- */

void ledger_note(struct ledger *l, struct ledger_record *r)
{
    r->number = l->last + (int64_t)l->count + 1;
    mem_grow(&l->notes, &l->cap, l->count + 1, SLOT);
    write_slot(l->notes + l->count++ * SLOT, r);
}

static void tell(struct ledger *l, int rc)
{
    if (l->troubled == (rc != 0))
        return;
    l->troubled = rc != 0;
    if (rc != 0)
        log_error("the send ledger cannot grow: when its room is used up, nothing more is sent",
                  "path=%s kind=\"%s\" room=%lld", l->path, err_name(rc),
                  (long long)ledger_room(l));
    else
        log_info("the send ledger can grow again", "");
}

/* A file that is full, or whose records are all that anybody may need, gives way to a new one. */
static int turn_over(struct ledger *l, int64_t now_ms)
{
    struct ledger next = *l;

    if (l->last - l->base < LEDGER_RECORDS_MAX && now_ms - l->begun_ms < LEDGER_DAYS * DAY_MS)
        return 0;
    if (l->last == l->base)
        return 0;
    unlink(l->old_path);
    if (link(l->path, l->old_path) < 0) /* the new file then takes the name from it */
        return ERR_IO;
    int rc = begin_file(&next, l->last, now_ms);
    if (rc != 0)
        return rc;
    close(l->fd);
    *l = next;
    return 0;
}

static void make_room(struct ledger *l, int64_t now_ms)
{
    int rc = 0;

    if (now_ms < l->later_ms && l->later_ms - now_ms <= LATER_MS)
        return;
    if (l->count == 0)
        rc = turn_over(l, now_ms);
    if (rc == 0 && ledger_room(l) < AHEAD_LOW)
        rc = write_ahead(l);
    l->later_ms = rc != 0 ? now_ms + LATER_MS : 0;
    tell(l, rc);
}

int ledger_write(struct ledger *l, int64_t now_ms)
{
    ledger_wait(l);
    if (l->count > 0) {
        int rc = write_at(l->fd, l->notes, l->count * SLOT, (1 + l->last - l->base) * SLOT);
        if (rc != 0) {
            tell(l, rc);
            return rc;
        }
        fault_point("ledger");
        beside_start(l->syncer);
        l->syncing = true;
        l->synced_ms = now_ms;
        l->last += (int64_t)l->count;
        if (l->last - l->base > l->capacity)
            l->capacity = l->last - l->base;
        l->count = 0;
        return 0;
    }
    make_room(l, now_ms);
    return 0;
}

/* If the disk says no, nobody knows what it holds. */
void ledger_wait(struct ledger *l)
{
    if (!l->syncing)
        return;
    if (!beside_wait(l->syncer)) {
        log_error("the disk did not confirm a write to the ledger; ending, the next start settles "
                  "it",
                  "");
        _exit(2);
    }
    fault_point("ledger-synced");
    l->syncing = false;
    make_room(l, l->synced_ms);
}

int ledger_flush(struct ledger *l, int64_t now_ms)
{
    int rc = ledger_write(l, now_ms);

    ledger_wait(l);
    return rc;
}

/* --- reading --- */

/* *after moves on to the last number that was read; *stop: `each` has enough. */
static int read_file(int fd, int64_t base, int64_t last, int64_t *after,
                     bool (*each)(void *arg, const struct ledger_record *r), void *arg, bool *stop)
{
    unsigned char *block = mem_alloc(READ_SLOTS * SLOT);
    struct ledger_record r;
    int rc = 0;

    while (rc == 0 && !*stop && *after < last) {
        int64_t n = last - *after < READ_SLOTS ? last - *after : READ_SLOTS;
        if (pread(fd, block, (size_t)n * SLOT, (*after + 1 - base) * SLOT) != n * SLOT)
            rc = ERR_IO;
        for (int64_t i = 0; rc == 0 && !*stop && i < n; i++, (*after)++)
            if (read_slot(block + i * SLOT, *after + 1, &r)) /* one that was damaged is left out */
                *stop = !each(arg, &r);
    }
    free(block);
    return rc;
}

int ledger_read(struct ledger *l, int64_t after,
                bool (*each)(void *arg, const struct ledger_record *r), void *arg)
{
    bool stop = false;
    int rc = 0;

    if (after < l->base) {
        int64_t base, begun_ms;
        int fd = open(l->old_path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read_head(fd, l->identity, &base, &begun_ms) == HEAD_OURS) {
            after = after > base ? after : base;
            rc = read_file(fd, base, find_last(fd, base), &after, each, arg, &stop);
        }
        if (fd >= 0)
            close(fd);
        after = l->base;
    }
    return rc == 0 && !stop ? read_file(l->fd, l->base, l->last, &after, each, arg, &stop) : rc;
}
