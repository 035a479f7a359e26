/*
 * The send ledger: a file outside the database that remembers what has gone out. A database that
 * was restored from a backup believes that everything since is still to be sent; the ledger knows
 * better.
 *
 * Records have a fixed size, a checksum and a number that rises by one, and are only added. Room
 * for the next ones is written in advance, so that a disk that has become full can still take note
 * of what was accepted. No name, address or word is in it: a message is a hash of what makes it the
 * message that it is (rule, subject, occurrence, repeat, recipient, channel), so that it is found
 * again in a database that does not know yet that it was sent.
 *
 * Only the service that works on the database writes it, within its transactions (store/tenure.h).
 * When the file is full or old, it becomes PATH.old, and a new one goes on: what went out in the
 * last LEDGER_DAYS is always in one of the two.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LEDGER_DAYS 400
#define LEDGER_RECORDS_MAX (INT64_C(4) << 20) /* in one file: 256 MB */
#define LEDGER_KEY_BYTES 16
#define LEDGER_IDENTITY_MAX 32 /* characters */

struct ledger_key {
    unsigned char bytes[LEDGER_KEY_BYTES];
};

/* Numbers are written to disk: never change one. */
enum ledger_kind {
    LEDGER_START = 1,  /* the service started, with this epoch */
    LEDGER_SENT = 2,   /* accepted by a gateway */
    LEDGER_UNKNOWN = 3 /* it may have been */
};

struct ledger_record {
    int64_t number; /* from 1 */
    enum ledger_kind kind;
    struct ledger_key key; /* zeros for LEDGER_START */
    int64_t message_id;    /* in the database that it was sent from; 0 for LEDGER_START */
    int64_t at_ms;
    int64_t epoch;
};

struct ledger;

/* What was found when it was opened. */
struct ledger_found {
    bool made;          /* there was none, or it could not be used: a new one begins */
    bool foreign;       /* ... there was one, of another database; it is PATH.old now */
    bool behind;        /* ... there was one that knows less than the database; likewise */
    int64_t last_epoch; /* of its last record; 0: none */
};

/* Open the ledger at `path` for the database `identity`, which has seen its records up to number
 * `seen`. Makes a new one, going on after `seen`, where that cannot be. ERR_FULL, ERR_IO, ... with
 * a sentence. */
int ledger_open(const char *path, const char *identity, int64_t seen, int64_t now_ms,
                struct ledger **out, struct ledger_found *found, struct err *err);
void ledger_close(struct ledger *l); /* NULL does nothing */

/* The number of the last record that was written; after ledger_wait it is safely on the disk. */
int64_t ledger_last(const struct ledger *l);

/* Take a note, to be written with the next flush. Its number is set. */
void ledger_note(struct ledger *l, struct ledger_record *r);

/* Write the notes, and have the disk take them meanwhile; nothing to write costs nothing. ERR_FULL
 * or ERR_IO: they are kept, and come with the next ones. */
int ledger_write(struct ledger *l, int64_t now_ms);

/* Wait until the disk has all that was written. When it does not confirm it, nobody knows what it
 * holds: then the process ends, as after such a commit. */
void ledger_wait(struct ledger *l);

/* Both. */
int ledger_flush(struct ledger *l, int64_t now_ms);

/* How many more notes are sure to find room. Nothing may be sent that cannot be noted. */
int64_t ledger_room(const struct ledger *l);

/* Call `each` for every record with a number above `after`, oldest first, until it returns false.
 * ERR_IO. */
int ledger_read(struct ledger *l, int64_t after,
                bool (*each)(void *arg, const struct ledger_record *r), void *arg);

#endif
