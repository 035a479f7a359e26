/*
 * The conditions of rules (`if`, `unless`): SQL expressions written by whoever runs the business,
 * over one client, job, appointment, staff member and answer. They run in a sandbox: a connection
 * of their own that can only read, sees those five tables and a list of harmless functions, and
 * stops what takes too long or grows too large. An expression cannot change, lock, create or open
 * anything, and sees no other table, no schema and no file.
 *
 * What an expression may say
 * - Columns: appointment.status, client.tags, job.amount; status alone where only one of the five
 *   tables has it. Columns that another program added to those tables count as well.
 * - JSON: job.fields ->> 'plate', json_extract(client.fields, '$.car.make').
 * - Subqueries over the five tables: (SELECT count(*) FROM appointment AS a WHERE a.client_id =
 *   client.id AND a.status = 'missed') >= 2. Only inside them: count, sum, ... Nowhere: WITH.
 * - 'now' and CURRENT_DATE, _TIME, _TIMESTAMP are those of base/clock, in UTC. 'localtime' is the
 *   zone of the business, given with conditions_localtime.
 * - Text goes in single quotes; "double quotes" are for names only. LIKE and lower() fold A-Z only.
 *
 * A NULL result is false: a condition over a job is false for a message that has none. Nothing is
 * ever guessed: a condition that cannot be evaluated is an error, and the caller holds the message.
 *
 * One thread at a time uses one struct conditions.
 */
#ifndef STORE_CONDITION_H
#define STORE_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "time/zone.h"

#define CONDITION_LENGTH_MAX 4096       /* bytes of one expression */
#define CONDITION_SELECTS_MAX 8         /* subqueries in one expression */
#define CONDITION_TABLES_MAX 12         /* tables that its subqueries name in all */
#define CONDITION_VALUE_MAX 32768       /* bytes of any one value that it reads or makes */
#define CONDITION_WORK_MS 200           /* of the processor's time that one evaluation may take */
#define CONDITION_REAL_MS 3000          /* of real time, when disk or processor let it wait */
#define CONDITION_MEMORY_MAX (32 << 20) /* bytes that one evaluation may take */
#define CONDITION_STATEMENTS_MAX 128    /* compiled expressions that are kept */

struct conditions;

/* From now on 'localtime' means what the clocks of `z` show, by the zone data as they are now: call
 * it again after they have changed. It sets the process's TZ: the first time before there are
 * threads. */
void conditions_localtime(const struct zone *z);

/* The records that an expression is about; 0: none, all its columns are NULL. */
struct condition_ids {
    int64_t client_id, job_id, appointment_id, staff_id, answer_id;
};

/* Open the sandbox on the database at `database_path`, which must have our schema already; or, with
 * NULL, on an empty database in memory, for reading a playbook before there is a database. It sees
 * what is committed there, from any connection, and never what a transaction has not committed yet.
 * Returns NULL with `err` set. */
struct conditions *conditions_open(const char *database_path, struct err *err);
void conditions_close(struct conditions *c); /* NULL does nothing */

/* Would `expression` compile? Evaluates nothing. ERR_INVALID: what is wrong and, where something
 * is near, what would be right; ERR_LIMIT: too long; ERR_BUSY: the database is locked. */
int condition_check(struct conditions *c, const char *expression, struct err *err);

/* Does `expression`, which compiles, ask a column of this one of the five tables, other than in a
 * subquery that has the table itself? */
bool condition_reads(struct conditions *c, const char *expression, const char *table);

/* Evaluate `expression` on the committed values of the records in `ids` and leave in *truth whether
 * it is true. It is compiled at first use and kept. Waits for no lock. Errors leave *truth false:
 * those of condition_check, and ERR_LIMIT when it took longer than CONDITION_WORK_MS or
 * CONDITION_REAL_MS, more memory than CONDITION_MEMORY_MAX, or met a value over
 * CONDITION_VALUE_MAX; ERR_INVALID when a value does not fit (malformed JSON); ERR_IO, ERR_CORRUPT
 * when the database cannot be read. */
int condition_eval(struct conditions *c, const char *expression, const struct condition_ids *ids,
                   bool *truth, struct err *err);

/* The values that the columns in `expression` have for these records, as a JSON object with names
 * like "appointment.status" and long texts cut; what only its subqueries read is left out. Appends
 * nothing when it names none. For telling afterwards what a decision saw. Errors as above. */
int condition_values(struct conditions *c, const char *expression, const struct condition_ids *ids,
                     struct buf *out);

/* From now on the jobs and appointments are none, but for those that store/past.h brings back as
 * they once stood. */
int conditions_twin(struct conditions *c, struct err *err);

/* From now on this row of `job` or `appointment` is as the change would leave it; everything else
 * stands where it is. Once at most, and not with conditions_twin. */
struct row_change; /* store/row_change.h */
int conditions_instead(struct conditions *c, const struct row_change *change, struct err *err);

/* Drop what was compiled: after a new playbook, whose old expressions would only take room. A
 * changed schema needs no call: SQLite compiles again by itself, inside the same walls. */
void conditions_forget(struct conditions *c);

#endif
