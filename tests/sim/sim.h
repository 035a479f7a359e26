/*
 * The simulation: the real engine, store, planner and dispatcher in virtual time, in a business
 * that a seed makes up, with gateways, a disk and a clock that misbehave by the same seed.
 *
 * Everything that has to outlive a crash of the simulated service stands in one struct, in memory
 * shared between the parent and the children in which the service runs (run.c): what is true in
 * the business, what the gateways accepted, the clock. A crash is the child's end, so nothing of
 * the service survives it but its file.
 *
 *     main.c      seeds, several at a time, what is printed
 *     run.c       one run: a business, and the lives of its service
 *     loop.c      virtual time: the loop, its timers, the alarm and the watcher
 *     disk.c      SQLite's file system: full, failing, torn by a power cut
 *     ram.c       the files in it
 *     numbers.c   phone numbers that were read before
 *     gateways.c  the outside world: takes messages, answers by mood, keeps a ledger
 *     writer.c    the program that writes the rows, by plain SQL
 *     business.c  what it writes: clients, staff, visits, jobs
 *     people.c    what people do by hand: pauses, tasks, a yes; the storm brake
 *     written.c   what people write to one client
 *     talk.c      what clients answer, and what they were asked and heard
 *     story.c     what happens when, and what befalls the service
 *     playbook.c  configuration, templates and rules, and their edits
 *     invite.c    the invitations among them
 *     words.c     what a message that goes is about, by its words
 *     judge.c     the promises, checked at each launch from the story's own knowledge
 *     audit.c     the promises, checked against the database when all is quiet
 *     civil.c     local times, by the C library and not by the project's own code
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "plan/record.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define SIM_CLIENTS 320
#define SIM_REGULARS 40 /* the newest of them, whom the business deals with */
#define SIM_STAFF 6
#define SIM_VISITS 6000
#define SIM_JOBS 3000
#define SIM_ANSWERS 4000
#define SIM_RULES 24     /* of the playbook; those that a person's own words obey follow */
#define SIM_ALL_RULES 30 /* ... for each purpose and channel */
#define SIM_WRITTEN 2000
#define SIM_EXCHANGES 128
#define SIM_COPIES 60000
#define SIM_GATEWAYS 4
#define SIM_MESSAGES 120000
#define SIM_HOURS (24 * 420)
#define SIM_TOGETHER 16 /* messages that go as one */
#define SIM_TRAIL 400   /* of the last things that happened, for a failure's report */
#define SIM_LINE 200

/* --- what is true in the business --- */

struct sim_client {
    bool present;
    int zone;                  /* index for civil.c; -1: none given */
    char email[80], phone[40]; /* "": none */
    bool email_good, phone_good;
    int channel;                                /* -1: no preference */
    char consent[CHANNEL_COUNT][PURPOSE_COUNT]; /* 'i', 'o', 0 */
    int64_t changed_us;                         /* monotonic: its last change */
};

struct sim_staff {
    bool present, active;
    char email[80];
    int manager; /* -1: none */
};

enum visit_status { VISIT_BOOKED, VISIT_CONFIRMED, VISIT_CANCELLED, VISIT_COMPLETED, VISIT_MISSED };

struct sim_visit {
    bool present, probed, hidden; /* hidden: no trigger told its time */
    int client, staff;
    int zone; /* -1: the business's */
    char starts[40];
    int64_t starts_ms;
    enum visit_status status;
    int bookings, moves;          /* how often it was booked; booked or moved */
    int statuses[5];              /* how often it came into each status */
    int64_t known_ms, known_us;   /* since when it starts then (wall, monotonic) */
    int64_t booked_ms, booked_us; /* of the last booking */
    int64_t replaced_us;          /* when its row last took the place of another */
    int64_t status_ms, status_us; /* of the last status */
};

struct sim_job {
    bool present;
    int client, staff, stage;
    int entries[8]; /* how often it came into each stage */
    int64_t entered_ms, opened_ms, entered_us;
    int64_t open_us;     /* since when it is open, this time */
    int64_t replaced_us; /* when its row last took the place of another */
    bool unseen;         /* it once came into a stage that no trigger told */
    bool probed, hidden;
};

struct sim_answer {
    bool present, hidden;
    int client, job; /* job -1: it names none */
    int score;       /* -1: none */
    int64_t at_us, at_ms;
};

/* What a person has written to one client, in words of their own. */
struct sim_written {
    int64_t message_id;
    int client;
    enum channel channel;
    enum purpose purpose;
    int64_t at_us, at_ms;
    bool probed;
};

/* --- the playbook, as the story knows it --- */

enum sim_kind {
    SIM_BOOKED,
    SIM_MOVED,
    SIM_CANCELLED,
    SIM_MISSED,
    SIM_CONFIRMED,
    SIM_EVENING, /* 1 day before at 18:00 */
    SIM_SOON,    /* some minutes before */
    SIM_AFTER,   /* a day after the visit */
    SIM_ENTERS,
    SIM_CHASE, /* enters, business days after, several times */
    SIM_LATE_STAFF,
    SIM_LATE_MANAGER,
    SIM_LEAVES,
    SIM_DONE,  /* marketing, days after completion */
    SIM_AGAIN, /* no answer to another rule, days after */
    SIM_QUIET, /* the client hears nothing, days after */
    SIM_LOW,   /* an answer scores below 4 */
    SIM_KINDS,
    SIM_BY_HAND = SIM_KINDS /* no rule of the playbook: a person writes to one client */
};

enum sim_by { SIM_BY_PREFERRED, SIM_BY_SMS, SIM_BY_EMAIL, SIM_BY_SMS_THEN_EMAIL, SIM_BY_BOTH };
enum sim_window { SIM_NOT_QUIET, SIM_DAILY, SIM_ANY };

struct sim_rule {
    bool present;
    enum sim_kind kind;
    char name[32];
    int stage;
    int minutes; /* of the offset */
    int asks;    /* SIM_AGAIN: which rule */
    int times;
    int settle_min;
    int merge_min; /* 0: each message by itself */
    enum sim_by by;
    enum sim_window window;
    enum purpose purpose;
    bool capped, unless_confirmed, invite;
    int64_t since_ms;   /* switched on */
    int64_t changed_us; /* monotonic: its last edit took effect */
};

/* --- the outside world --- */

enum mood { MOOD_GOOD, MOOD_SLOW, MOOD_DOWN, MOOD_THROTTLED, MOOD_FLAKY, MOOD_UNCLEAR, MOODS };

enum exchange_phase { PHASE_FREE, PHASE_CONNECTING, PHASE_GOING };

/* What one message, as a row of the outbox, is about. */
struct sim_about {
    int64_t id;
    int rule, subject, generation; /* visit or job, and how often the event had happened to it */
    int recipient;                 /* client; -1: not a client */
};

/* The newest that the calendar of a client was told of a visit. */
struct sim_calendar {
    uint64_t uid, told; /* hashed; uid 0: nothing */
    int sequence;
};

struct sim_exchange {
    enum exchange_phase phase;
    int gateway, copy; /* copy: the ledger's first line of it; -1 until it is accepted */
    int64_t id;
    int64_t at_us; /* when it goes on */
    bool break_off;
    uint32_t plan; /* which way it goes, from its start on */
    enum channel channel;
    struct sim_about about[SIM_TOGETHER]; /* the message itself, then those that go with it */
    int about_count;
    struct sim_calendar calendar; /* the invitation that goes with it */
};

/* One copy that the outside world accepted; of messages that went as one, a line for each. */
struct sim_copy {
    int64_t id; /* the message */
    bool with;  /* it went with the one before */
    int64_t wall_ms, mono_us;
    int16_t rule;
    int8_t channel;
    bool clear; /* answered as sent, and the service lived to record it */
    bool capped;
    int subject,
        generation; /* visit, job or answer; how often the rule's event had happened to it */
    int client;     /* -1: not a client */
};

/* What the world knows of each message by its id. */
struct sim_message {
    uint8_t accepted, unclear; /* copies; answers that were unclear, or lost in a crash */
    uint8_t launches;
    int16_t client; /* whom it was for; only those are right that were launched */
    uint8_t task;   /* what a person did last to the task of it: enum sim_task */
};

enum sim_task { TASK_UNTOUCHED, TASK_DONE, TASK_UNDONE };

struct sim {
    /* this run */
    uint64_t seed;
    char dir[128], database[160];
    bool verbose;
    bool failed, done;
    char failure[600];
    unsigned char story_state[8], world_state[8], extra_state[8]; /* streams of chance */

    /* the clock */
    int64_t mono_us, wall_offset_us;
    int64_t begin_us, quiet_us, end_us; /* the story ends at quiet_us, all at end_us */
    int tick_us;                        /* what one look at the clock takes */
    int64_t look_every_ms;

    /* the service */
    bool created, up;
    int64_t start_us;  /* when it is started again */
    int64_t reload_ms; /* when a reload began that has not ended; 0: none */
    int in_flight;
    int64_t crash_in; /* steps to the next crash; 0: none is coming */
    bool power_cut;
    bool stopped_cleanly;
    int children;
    int starts;
    int64_t disturbed_us; /* the last time at which something stood in the way of sending */
    int64_t stepped_us;   /* the last step of the clock */
    int64_t hidden_us;    /* the last change that no trigger told */
    int64_t paused_us;    /* 0: not paused */
    int64_t locked_until_us;

    /* the disk */
    int fault; /* SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC; 0: none */
    int64_t fault_until_us;
    int fault_percent;
    int64_t troubles_checked; /* power cuts and faults after which the file was looked at */
    int files_checked;        /* how often */

    /* the business */
    unsigned moods;           /* which kinds of trouble this seed has: bits of enum trouble */
    bool merging;             /* rules of this seed may merge, and families come together */
    int pace_min;             /* minutes between two things that happen */
    int quiet_from, quiet_to; /* hours */
    int caps_day, caps_week;
    int blast; /* clients at once; 0: none */
    int brake; /* times the usual; 0: none */
    int64_t next_story_us;
    int client_count, staff_count, visit_count, job_count, rule_count, answer_count;
    int64_t next_probe_us, next_audit_us;
    struct sim_client clients[SIM_CLIENTS];
    struct sim_staff staff[SIM_STAFF];
    struct sim_visit visits[SIM_VISITS];
    struct sim_job jobs[SIM_JOBS];
    struct sim_answer answers[SIM_ANSWERS];
    struct sim_rule rules[SIM_ALL_RULES], next_rules[SIM_RULES];
    struct sim_written written[SIM_WRITTEN];
    int written_count;
    /* Clients whom a change of the rule itself has written to: a bit for each. */
    uint64_t blasted[SIM_ALL_RULES][SIM_CLIENTS / 64];
    bool allowed[SIM_ALL_RULES];           /* somebody said yes to it, as it is now */
    int64_t rule_paused_us[SIM_ALL_RULES]; /* by hand; 0: it is not */
    int64_t lifted_us[SIM_RULES];          /* the last yes; 0: never */
    uint16_t hourly[SIM_RULES][SIM_HOURS]; /* what it sent for the first time, by hours */

    /* the outside world */
    enum mood mood[SIM_GATEWAYS];
    int64_t mood_until_us[SIM_GATEWAYS];
    struct sim_exchange exchanges[SIM_EXCHANGES];
    struct sim_copy copies[SIM_COPIES];
    int copy_count;
    struct sim_calendar calendars[SIM_VISITS];
    struct sim_message messages[SIM_MESSAGES];
    int64_t maybe_us[SIM_CLIENTS]; /* the last that may have reached the client, and may not */

    /* counts, for the report */
    int64_t launched, accepted, crashes, power_cuts, outages, steps, unclear, reloads, faults;
    int64_t probes_sent, probes_excused, audits;
    int64_t yeses, tasks_done, braked; /* braked: launches near what the storm brake allows */
    int64_t merged;                    /* messages that went with another */
    int64_t invited;                   /* invitations */
    int64_t by_hand;                   /* what people wrote and was accepted */
    uint64_t digest;                   /* of the ledger: two runs of one seed must agree */

    char trail[SIM_TRAIL][SIM_LINE];
    int64_t trail_count;
};

extern struct sim *S;

/* Kinds of trouble; a seed has some of them. */
enum trouble {
    TROUBLE_CRASH = 1,
    TROUBLE_POWER = 2,
    TROUBLE_OUTAGE = 4,
    TROUBLE_CLOCK = 8,
    TROUBLE_GATEWAY = 16,
    TROUBLE_DISK = 32,
    TROUBLE_LOCK = 64,
    TROUBLE_HIDDEN = 128,
    TROUBLE_EDIT = 256,
    TROUBLE_PAUSE = 512,
    TROUBLE_ALL = 1023,     /* those that the story's own chance decides on */
    TROUBLE_RULES = 1024,   /* people pause rules */
    TROUBLE_TASKS = 2048,   /* people do tasks, and undo them */
    TROUBLE_WRITTEN = 4096, /* people write to clients by themselves */
    TROUBLE_ANY = 8191
};

/* --- main.c --- */

/* Memory that the children share, all zeros; for as long as the program runs. */
void *sim_share(size_t size);

/* --- run.c --- */

/* A whole run, with none but these kinds of trouble; false: it failed, and what happened was
 * printed. What it counted is in S. */
bool run_business(uint64_t seed, int days, unsigned troubles);

/* The run has failed: say why and end the child. */
__attribute__((format(printf, 1, 2), noreturn)) void sim_fail(const char *fmt, ...);

/* Note what happened, for a failure's report (and to the terminal when asked). */
__attribute__((format(printf, 1, 2))) void sim_note(const char *fmt, ...);

/* Chance for the story and for the world outside, apart from each other so that one does not move
 * the other: below(n) is 0 .. n-1. */
uint64_t story_below(uint64_t n);
uint64_t world_below(uint64_t n);
uint64_t extra_below(uint64_t n); /* for what was added to the story later */
static inline bool story_percent(unsigned p)
{
    return story_below(100) < p;
}
static inline bool world_percent(unsigned p)
{
    return world_below(100) < p;
}
static inline bool sim_has(enum trouble t)
{
    return (S->moods & t) != 0;
}

/* --- loop.c --- */

int64_t sim_wall_ms(void);
void sim_step_clock(int64_t by_ms);

/* Another program has committed: the watcher will be told soon. */
void sim_committed(void);

/* One round: what is ready, else the clock goes to the next thing. */
void sim_round(void);
void sim_loop_reset(void);

/* --- disk.c --- */

void disk_register(void);

/* From now on writing fails, for so long. */
void disk_break(int64_t for_ms);

/* A step at which the service may die. */
void crash_point(void);

/* --- ram.c: the run's database (0), its WAL and its journal --- */

#define RAM_FILES 3

struct ram_open {
    int file, level;        /* SQLITE_LOCK_... */
    unsigned shared, alone; /* of the locks of the WAL's index */
    bool indexed;           /* it uses the index */
    struct ram_open *next;
};

void ram_make(void); /* once in a run, before its children */
void ram_save(void); /* as real files, for somebody to look at */

int ram_find(const char *name); /* which file has this path; -1: none of ours */
bool ram_exists(int file);
void ram_delete(int file);

/* Codes are SQLite's. */
int ram_open(struct ram_open *f, int file, int flags);
void ram_close(struct ram_open *f);

int64_t ram_size(int file);
void ram_resize(int file, int64_t size);
int ram_read(int file, void *out, int n, int64_t at); /* how many were there; zeros for the rest */
int ram_write(int file, const void *data, int n, int64_t at);

int ram_lock(struct ram_open *f, int level);
int ram_unlock(struct ram_open *f, int level);
bool ram_reserved(void);

int ram_index_map(struct ram_open *f, int page, int size, bool extend, void volatile **out);
int ram_index_lock(struct ram_open *f, int at, int n, int flags);
void ram_index_drop(struct ram_open *f);

/* --- numbers.c --- */

void numbers_make(void); /* once, before the children */

/* --- gateways.c --- */

int64_t gateways_next_us(void);
void gateways_run(void);
/* The service died: what was on the wire ends as it may. */
void gateways_after_crash(void);
void gateways_moods(void);

/* --- writer.c --- */

void writer_open(void);
sqlite3 *writer_database(void);
__attribute__((format(printf, 1, 2))) void writer_sql(const char *fmt, ...);

/* Each name that a query gives. */
void writer_names(const char *sql, void (*each)(void *arg, const char *name), void *arg);

/* A transaction; `hidden`: its changes fire no triggers. It takes back what was touched unless it
 * is committed, and says whether it was. */
void writer_begin(bool hidden);
bool writer_end(bool commit);
void writer_touch(void *what, size_t size);
bool writer_hiding(void);
bool writer_busy(void); /* it is at it: neither crashes nor faults meet it */
void writer_set_busy(bool busy);
bool writer_lock(void);
void writer_unlock(void);

/* --- business.c --- */

void business_open(void);  /* another client, another member of staff */
int business_client(void); /* one of those that come these days */
void business_change(void);
void business_change_many(void);

/* --- talk.c --- */

void talk_change(void); /* a client answers, or an answer is corrected or taken back */

/* Has the client of the job said something about it, or about nothing in particular, since then
 * (monotonic), that the service must know? */
bool talk_answered(int job, int64_t since_us);

/* Why a message on a question without an answer, on a silence, on a low score must not go; NULL: it
 * may. The text is good until the next call. */
const char *talk_again(const struct sim_rule *r, int job);
const char *talk_quiet(int rule, int job);
const char *talk_low(const struct sim_rule *r, int answer, int client);

/* Nobody will ever know whether this message reached its client. */
void talk_unclear(int64_t message_id);

/* --- people.c --- */

void people_act(void);
void people_settle_down(void); /* whatever waits for them goes on */
void people_say_yes(void);     /* to every rule that asks */

/* Why a rule must not send now; NULL: it may. */
const char *people_paused(int rule);
void people_brake(const struct sim_exchange *x); /* it has been handed over, and judged */
void people_judge_task(int64_t message_id, bool open);

/* --- written.c --- */

void written_begin(void); /* the rules that such messages obey */
void written_write(void); /* somebody writes to a client */
int written_by_rule(const struct sim_written *w);

/* --- story.c --- */

void story_begin(void);
void story_run(void);

/* --- playbook.c --- */

void playbook_make(void);                                  /* rules by chance, in S->next_rules */
void playbook_edit(void);                                  /* change some of them */
void playbook_write(void);                                 /* the files */
void playbook_applied(bool first);                         /* they are what counts from now on */
bool playbook_stands(const struct sim_rule *rules, int i); /* is it in the playbook? */
extern const char *const sim_stages[];
#define SIM_STAGES 7
#define SIM_STAGE_QUOTE 2
#define SIM_STAGE_DONE 5
#define SIM_STAGE_LOST 6

/* --- run.c, the service --- */
void service_reload(void);
void service_stop_and_wait(void);

/* --- words.c --- */

#define WORDS_MAX 6000

struct told {
    char rule[40], starts[40], stage[40];
    int visit, job, answer, written, client; /* -1: not said */
};

/* The subject of a mail, unfolded; a text as it is. */
void words_find(const struct sim_exchange *x, const char *data, size_t len, char out[WORDS_MAX]);

/* What follows `key`, "" if it is not there. */
void words_part(const char *text, const char *key, char *out, size_t size);

/* Of the first text, where several follow one another. */
void words_read(const char *all, struct told *t);

/* --- judge.c --- */

/* A message has been handed to gateway `x->gateway`: may it go? Fills in what it is about. */
void judge_launch(struct sim_exchange *x, const char *to, const char *data, size_t len);
void judge_accept(struct sim_exchange *x);

/* --- invite.c --- */

/* After the two above: what the mail has for a calendar. */
void invite_launch(struct sim_exchange *x, const char *data, size_t len);
void invite_accept(const struct sim_exchange *x);

/* --- audit.c --- */

/* Each row of a query. */
void audit_each(const char *sql, void (*row)(sqlite3_stmt *st, void *arg), void *arg);
int64_t audit_number(const char *sql); /* the last that it gives */

void audit_probes(void); /* visits and jobs whose time has passed: was it said, or why not? */
void audit_plan(void);   /* what is pending is what a fresh plan gives */
void audit_start(void);  /* the database as a start finds it */
void audit_end(void);

/* --- civil.c --- */

#define SIM_ZONES 14
extern const char *const sim_zones[SIM_ZONES];
#define SIM_ZONE_BUSINESS 0
int civil_minute(int zone, int64_t wall_ms); /* of the day */
int64_t civil_instant(int zone, int64_t local_ms);
int64_t civil_local(int zone, int64_t wall_ms);
bool civil_allowed(const struct sim_rule *r, int zone, int64_t wall_ms);

#endif
