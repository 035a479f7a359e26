/*
 * Telling calendars. See service/writeback.h.
 *
 * The happy path, one visit at a time:
 *
 *     IDLE ── notice ──> CHOOSING  in the lane: which visit, and where is its object?
 *          ───────────> READING    on the loop: the object as it is now
 *          ───────────> EDITING    in the lane: what the visit is by now, written into it
 *          ───────────> WRITING    on the loop: put back, if it is still as it was read
 *          ───────────> NOTING     in the lane: done
 *          ───────────> IDLE       and on to the next
 *
 * When things fail: changed by somebody else in between means READING again, ROUNDS_MAX times; no
 * connection, or trouble there, means later, each time after twice as long; what no later will mend
 * becomes a task. Killed at any moment, the visit is still noted, and the same is done again: what
 * has been written already needs no change.
 */
#include "service/writeback.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ical/edit.h"
#include "store/calendar_writes.h"
#include "writing.h"

#define NOTICE_MS 500          /* for several changes that come at once */
#define LOOK_MS INT64_C(60000) /* without a notice, in case one was missed */
#define ROUNDS_MAX 3           /* changed by somebody else while we wrote */

enum write_state {
    WRITE_IDLE,
    WRITE_CHOOSING,
    WRITE_READING,
    WRITE_EDITING,
    WRITE_WRITING,
    WRITE_NOTING,
    WRITE_STATES
};

static const bool moves[WRITE_STATES][WRITE_STATES] = {
    [WRITE_IDLE] = {[WRITE_CHOOSING] = true},
    [WRITE_CHOOSING] = {[WRITE_IDLE] = true, [WRITE_READING] = true, [WRITE_NOTING] = true},
    [WRITE_READING] = {[WRITE_IDLE] = true, [WRITE_EDITING] = true, [WRITE_NOTING] = true},
    [WRITE_EDITING] = {[WRITE_IDLE] = true, [WRITE_WRITING] = true, [WRITE_NOTING] = true},
    [WRITE_WRITING] = {[WRITE_READING] = true, [WRITE_NOTING] = true},
    [WRITE_NOTING] = {[WRITE_IDLE] = true},
};

struct writeback {
    struct engine *engine;
    struct lane *lane; /* NULL: no calendar wants it */
    struct fetcher *fetcher;
    struct targets targets, next; /* next: from when this visit is done */
    bool changed;
    uv_timer_t timer;
    bool missed; /* there was a notice while it worked */
    bool closing, timer_closed;
    void (*closed)(void *arg);
    void *closed_arg;

    /* The visit under way; in the lane it is the lane's alone. */
    struct lane_job job;
    enum write_state state;
    struct writing at;
    int64_t due_ms; /* when the next is */
    int rounds;
    struct fetch *fetch;
};

static void notice_in(struct writeback *w, int64_t wait_ms);

static void go_to(struct writeback *w, enum write_state state)
{
    assert(moves[w->state][state]);
    w->state = state;
}

static struct writeback *of_job(struct lane_job *job)
{
    return (struct writeback *)((char *)job - offsetof(struct writeback, job));
}

/* ---- the end of one */

static void use_next(struct writeback *w)
{
    if (!w->changed)
        return;
    targets_close(&w->targets);
    w->targets = w->next;
    w->next = (struct targets){0};
    w->changed = false;
}

static void finish_close(struct writeback *w)
{
    void (*closed)(void *) = w->closed;
    void *arg = w->closed_arg;

    if (!w->timer_closed || w->state != WRITE_IDLE)
        return;
    targets_close(&w->targets);
    targets_close(&w->next);
    free(w);
    closed(arg);
}

/* Idle again; `on`: there may be another one at once. */
static void rest(struct writeback *w, bool on)
{
    int64_t wait_ms = w->due_ms == INT64_MAX ? LOOK_MS : w->due_ms - clock_wall_ms();

    go_to(w, WRITE_IDLE);
    writing_close(&w->at);
    w->rounds = 0;
    use_next(w);
    if (w->closing) {
        finish_close(w);
        return;
    }
    if (w->targets.count == 0)
        return;
    if (on)
        wait_ms = 0;
    else if (w->missed)
        wait_ms = NOTICE_MS;
    w->missed = false;
    notice_in(w, wait_ms < 0 ? 0 : wait_ms < LOOK_MS ? wait_ms : LOOK_MS);
}

static bool in_lane(struct writeback *w, enum write_state state,
                    void (*work)(struct lane_job *job, struct store *store),
                    void (*done)(struct lane_job *job))
{
    go_to(w, state);
    w->job = (struct lane_job){.work = work, .done = done};
    return lane_add(w->lane, &w->job);
}

/* ---- noting, in the lane */

static void look_ahead(struct writeback *w, struct store *s)
{
    if (store_calendar_write_due(s, &w->due_ms) != 0)
        w->due_ms = INT64_MAX;
}

static void note_work(struct lane_job *job, struct store *s)
{
    struct writeback *w = of_job(job);

    writing_note(&w->at, s);
    look_ahead(w, s);
}

static void note_done(struct lane_job *job)
{
    struct writeback *w = of_job(job);
    static const char *const names[] = {"none", "done", "later", "person"};

    if (w->at.ending == ENDING_DONE)
        log_info("calendar told", "name=%s status=%s", w->at.visit.calendar, w->at.visit.status);
    else
        log_warning("calendar not told", "name=%s status=%s outcome=%s why=\"%s\"",
                    w->at.visit.calendar, w->at.visit.status, names[w->at.ending], w->at.why.text);
    if (!w->closing)
        engine_poke(w->engine);
    rest(w, w->at.ending != ENDING_LATER);
}

static void note(struct writeback *w)
{
    if (!in_lane(w, WRITE_NOTING, note_work, note_done))
        rest(w, false);
}

/* ---- writing, on the loop */

static void read_object(struct writeback *w);

static struct fetch_request request(struct writeback *w)
{
    return (struct fetch_request){
        .url = w->at.url,
        .user = w->at.calendar.user,
        .password = w->at.calendar.password,
        .ca_file = w->at.calendar.ca_file,
        .allow_private = w->at.calendar.private_addresses,
        .body_max = ICAL_EDIT_BYTES_MAX,
    };
}

/* Is trouble of this kind over some time? */
static enum ending ending_of(int rc)
{
    return rc == ERR_IO || rc == ERR_BUSY ? ENDING_LATER : ENDING_PERSON;
}

static void written_cb(void *arg, const struct fetch_reply *reply)
{
    struct writeback *w = arg;
    int rc = fetch_judge(reply, &w->at.why);

    w->fetch = NULL;
    if (rc == ERR_EXISTS && ++w->rounds < ROUNDS_MAX) {
        read_object(w);
        return;
    }
    w->at.ending = rc == 0 ? ENDING_DONE : rc == ERR_EXISTS ? ENDING_LATER : ending_of(rc);
    note(w);
}

static void write_object(struct writeback *w)
{
    struct fetch_hooks hooks = {.done = written_cb, .arg = w};
    struct fetch_request put = request(w);
    struct str_list headers = {0};

    str_list_add(&headers, "Content-Type: text/calendar; charset=utf-8", 42);
    put.method = "PUT";
    put.headers = &headers;
    put.body = w->at.text.data;
    put.len = w->at.text.len;
    put.if_match = w->at.etag;
    go_to(w, WRITE_WRITING);
    w->fetch = fetch_start(w->fetcher, &put, &hooks, &w->at.why);
    str_list_close(&headers);
    if (w->fetch == NULL) {
        w->at.ending = ENDING_LATER;
        note(w);
    }
}

/* ---- editing, in the lane */

static void edit_work(struct lane_job *job, struct store *s)
{
    writing_edit(&of_job(job)->at, s);
}

static void edit_done(struct lane_job *job)
{
    struct writeback *w = of_job(job);

    if (w->closing)
        rest(w, false);
    else if (w->at.ending != ENDING_NONE)
        note(w);
    else
        write_object(w);
}

/* ---- reading, on the loop */

/* Without an ETag nobody could tell whether it was changed by somebody else. */
static void no_version(struct writeback *w, const char *host)
{
    w->at.ending = ENDING_PERSON;
    err_set(&w->at.why, "%s does not say which version of it that is (no ETag)", host);
}

static void read_cb(void *arg, const struct fetch_reply *reply)
{
    struct writeback *w = arg;
    int rc = fetch_judge(reply, &w->at.why);

    w->fetch = NULL;
    buf_append(&w->at.text, reply->body, reply->len);
    w->at.etag = mem_strdup(reply->etag);
    if (rc == ERR_NOTFOUND && writing_cancels(&w->at))
        w->at.ending = ENDING_DONE; /* the event is gone altogether */
    else if (rc != 0)
        w->at.ending = ending_of(rc);
    else if (w->at.etag == NULL)
        no_version(w, reply->host);
    if (w->at.ending != ENDING_NONE)
        note(w);
    else if (!in_lane(w, WRITE_EDITING, edit_work, edit_done))
        rest(w, false);
}

static void read_object(struct writeback *w)
{
    struct fetch_hooks hooks = {.done = read_cb, .arg = w};
    struct fetch_request get = request(w);

    go_to(w, WRITE_READING);
    buf_clear(&w->at.text);
    free(w->at.etag);
    w->at.etag = NULL;
    w->fetch = fetch_start(w->fetcher, &get, &hooks, &w->at.why);
    if (w->fetch == NULL) {
        w->at.ending = ENDING_LATER;
        note(w);
    }
}

/* ---- choosing, in the lane */

static void choose_work(struct lane_job *job, struct store *s)
{
    struct writeback *w = of_job(job);

    writing_choose(&w->at, &w->targets, s);
    look_ahead(w, s);
}

static void choose_done(struct lane_job *job)
{
    struct writeback *w = of_job(job);

    if (w->at.visit.ref == NULL || w->closing)
        rest(w, false);
    else if (w->at.ending != ENDING_NONE)
        note(w);
    else
        read_object(w);
}

static void timer_cb(uv_timer_t *t)
{
    struct writeback *w = t->data;
    struct engine_state state;

    engine_state(w->engine, &state);
    w->at.now_ms = clock_wall_ms();
    w->at.epoch = state.epoch;
    if (!in_lane(w, WRITE_CHOOSING, choose_work, choose_done))
        rest(w, false);
}

static void notice_in(struct writeback *w, int64_t wait_ms)
{
    uv_timer_start(&w->timer, timer_cb, (uint64_t)wait_ms, 0);
}

void writeback_notice(struct writeback *w)
{
    if (w->lane == NULL || w->closing || w->targets.count == 0)
        return;
    if (w->state != WRITE_IDLE)
        w->missed = true;
    else if (!uv_is_active((uv_handle_t *)&w->timer) || uv_timer_get_due_in(&w->timer) > NOTICE_MS)
        notice_in(w, NOTICE_MS);
}

/* ---- begin and end */

struct writeback *writeback_create(uv_loop_t *loop, struct engine *engine)
{
    struct writeback *w = mem_zalloc(sizeof(*w));

    w->engine = engine;
    writing_init(&w->at);
    uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    return w;
}

void writeback_configure(struct writeback *w, struct lane *lane, struct fetcher *fetcher,
                         const struct settings *settings)
{
    w->lane = lane;
    w->fetcher = fetcher;
    targets_close(&w->next);
    w->next.items = mem_array(settings->calendar_count + 1, sizeof(*w->next.items));
    for (size_t i = 0; i < settings->calendar_count; i++)
        if (settings->calendars[i].write_back)
            calendar_settings_copy(&w->next.items[w->next.count++], &settings->calendars[i]);
    w->changed = true;
    if (w->state == WRITE_IDLE)
        use_next(w);
    writeback_notice(w);
}

static void timer_closed(uv_handle_t *h)
{
    struct writeback *w = h->data;

    w->timer_closed = true;
    finish_close(w);
}

void writeback_close(struct writeback *w, void (*closed)(void *arg), void *arg)
{
    w->closing = true;
    w->closed = closed;
    w->closed_arg = arg;
    uv_close((uv_handle_t *)&w->timer, timer_closed);
    if (w->fetch == NULL)
        return; /* idle, or in the lane, which gives it back */
    fetch_cancel(w->fetch);
    w->fetch = NULL;
    w->state = WRITE_IDLE;
    writing_close(&w->at);
    w->rounds = 0;
}
