/*
 * Shows the demo's week on the terminal, one line for each thing that happens:
 *
 *     Tuesday 8 December
 *       09:00  ·      the booking program writes something
 *       09:02  sms    to whom        by which rule     the words that went
 *       18:00  –      to whom        by which rule     not sent: why
 *       19:00  …      to whom        by which rule     later: why
 *
 * Columns are aligned by the width of what stands in them and fit the terminal, 100 columns where
 * there is none. The words of a message are cut to its line; a reason never is, it stands below
 * when there is no room for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/demo.h"
#include "cli/terminal.h"

#define COLUMNS_MAX 160
#define COLUMNS_ELSE 100 /* where there is no terminal */
#define INDENT 2
#define AT_COLUMNS 7 /* "09:00  " */
#define BY_COLUMNS 7 /* "email  " */
#define WHO_AT (INDENT + AT_COLUMNS + BY_COLUMNS)
#define WHO_COLUMNS 18
#define RULE_COLUMNS 24
#define LABEL_COLUMNS 14 /* of the legend and the summary */
#define WORDS_COLUMNS_MIN 12
#define BUSINESS "Riverside Garage: " /* how every text of the samples begins */
#define NO_BREAK_SPACE "\xc2\xa0"
#define RIGHT_TO_LEFT_MARK "\xe2\x80\x8f"

struct demo_teller {
    const struct zone *zone;
    size_t columns, words_at; /* words_at: where the last column begins */
    int64_t day;              /* the one whose head was printed */
    int64_t last_ms;          /* the time told last: the next one is not before it */
    char *last_reason;        /* of the line before, if it told why a message does not go */
    unsigned char *told;      /* by message id: the state that was told, and 1 */
    size_t told_cap;
};

void demo_time(int64_t instant_ms, const struct zone *zone, char out[SHOW_TIME_MAX])
{
    char padded[SHOW_TIME_MAX];
    size_t n = 0;

    show_time(instant_ms, zone, instant_ms, padded); /* days of one digit have a space in front */
    for (const char *p = padded; *p != '\0'; p++)
        if (p[0] != ' ' || p[1] != ' ')
            out[n++] = *p;
    out[n] = '\0';
}

struct demo_teller *demo_teller_create(const struct zone *zone)
{
    struct demo_teller *t = mem_zalloc(sizeof(*t));
    size_t columns = terminal_columns();

    t->zone = zone;
    t->columns = columns == SIZE_MAX ? COLUMNS_ELSE : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
    t->words_at = WHO_AT + WHO_COLUMNS + RULE_COLUMNS;
    if (t->words_at + WORDS_COLUMNS_MIN > t->columns)
        t->words_at = t->columns - WORDS_COLUMNS_MIN;
    t->day = t->last_ms = INT64_MIN;
    return t;
}

void demo_teller_free(struct demo_teller *t)
{
    if (t == NULL)
        return;
    free(t->last_reason);
    free(t->told);
    free(t);
}

/* ---- lines */

/* A cell of so many columns, of which the last one stays empty. */
static void put_cell(enum colour colour, const char *text, size_t columns)
{
    struct buf b;

    buf_init(&b);
    text_cut(&b, text, columns - 1);
    size_t used = text_columns(b.data);
    put_text(colour, b.data);
    printf("%*s", used < columns ? (int)(columns - used) : 0, "");
    buf_close(&b);
}

static void put_day(struct demo_teller *t, const struct civil *c)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char head[SHOW_TIME_MAX];

    if (civil_day_number(c) == t->day)
        return;
    t->day = civil_day_number(c);
    snprintf(head, sizeof(head), "%s %d %s", days[civil_weekday(c)], c->day, months[c->month - 1]);
    putchar('\n');
    put_text(BOLD, head);
    putchar('\n');
}

static void put_start(struct demo_teller *t, int64_t at_ms, enum colour colour, const char *by)
{
    struct civil c;
    char at[AT_COLUMNS + 8];

    if (at_ms < t->last_ms)
        at_ms = t->last_ms; /* a step is told by its own time, what came just before by its end */
    t->last_ms = at_ms;
    zone_to_civil(t->zone, at_ms, &c);
    put_day(t, &c);
    snprintf(at, sizeof(at), "%02d:%02d", c.hour, c.minute);
    printf("%*s", INDENT, "");
    put_cell(DIM, at, AT_COLUMNS);
    put_cell(colour, by, BY_COLUMNS);
}

/* The rest of a line, cut at its end. */
static void put_rest(enum colour colour, const char *text, size_t columns)
{
    struct buf b;

    buf_init(&b);
    text_cut(&b, text, columns);
    put_text(colour, b.data);
    putchar('\n');
    buf_close(&b);
}

/* The rest of a line, going on below itself where it is too long. */
static void put_folding(enum colour colour, const char *text, size_t at, size_t columns)
{
    const char *p = text;

    while (*p != '\0') {
        const char *end = p, *next = p;
        size_t used = 0;
        do { /* as many words as fit, and at least one */
            end = next + strcspn(next, " ");
            next = end + strspn(end, " ");
            char *word = mem_strndup(next, strcspn(next, " "));
            char *line = mem_strndup(p, (size_t)(end - p));
            used = text_columns(line) + 1 + text_columns(word);
            free(line);
            free(word);
        } while (*next != '\0' && used <= columns);
        char *line = mem_strndup(p, (size_t)(end - p));
        printf("%*s", p == text ? 0 : (int)at, "");
        put_text(colour, line);
        putchar('\n');
        free(line);
        p = next;
    }
}

void demo_teller_begin(struct demo_teller *t)
{
    static const struct {
        enum colour colour;
        const char *sign, *meaning;
    } legend[] = {
        {BLUE, "·", "the booking program writes something down"},
        {GREEN, "email, sms", "Betimes sends a message: to whom, by which rule, and how it begins"},
        {YELLOW, "– …", "or sends none, or sends it later, and says why"},
    };

    printf("One week of a garage in Riga, from what its booking program writes to what its\n"
           "clients read. Nothing leaves this machine: messages are written into a folder.\n\n");
    for (size_t i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
        printf("%*s", INDENT, "");
        put_cell(legend[i].colour, legend[i].sign, LABEL_COLUMNS);
        printf("%s\n", legend[i].meaning);
    }
}

static void forget_reason(struct demo_teller *t)
{
    free(t->last_reason);
    t->last_reason = NULL;
}

void demo_teller_step(struct demo_teller *t, int64_t at_ms, const char *said)
{
    forget_reason(t);
    put_start(t, at_ms, BLUE, "·");
    put_folding(BLUE, said, WHO_AT, t->columns - WHO_AT);
    fflush(stdout);
}

/* ---- messages */

static bool went(const struct outbox_row *r)
{
    return r->state == MESSAGE_SENT || r->state == MESSAGE_DELIVERED || r->state == MESSAGE_BOUNCED;
}

static bool came_to_nothing(const struct outbox_row *r)
{
    return r->state == MESSAGE_FAILED || r->state == MESSAGE_CANCELLED ||
           r->state == MESSAGE_SKIPPED || r->state == MESSAGE_EXPIRED ||
           r->state == MESSAGE_UNKNOWN;
}

/* Decided to wait, for a reason of its own: not just planned for later. */
static bool waits(const struct outbox_row *r)
{
    return message_is_pending(r->state) && r->reason != NULL;
}

/* What a person reads first: a mail's subject, a text without the name it always begins with. */
static const char *words_of(const struct outbox_row *r)
{
    const char *words = r->subject != NULL ? r->subject : r->text != NULL ? r->text : "";

    if (str_starts(words, RIGHT_TO_LEFT_MARK))
        words += strlen(RIGHT_TO_LEFT_MARK);
    return str_starts(words, BUSINESS) ? words + strlen(BUSINESS) : words;
}

static const char *reason_of(const struct outbox_row *r)
{
    return r->reason != NULL ? r->reason : message_state_name(r->state);
}

/* Behind the rule's name if it fits there, else on lines of its own. */
static void put_reason(struct demo_teller *t, const struct outbox_row *r)
{
    bool same = str_eq(t->last_reason, reason_of(r));
    char *why =
        mem_printf("%s: %s", waits(r) ? "later" : "not sent", same ? "as above" : reason_of(r));
    size_t rule_columns = t->words_at - WHO_AT - WHO_COLUMNS;

    if (text_columns(why) <= t->columns - t->words_at) {
        put_cell(DIM, r->rule, rule_columns);
        put_folding(YELLOW, why, t->words_at, t->columns - t->words_at);
    } else {
        put_rest(DIM, r->rule, rule_columns);
        printf("%*s", WHO_AT, "");
        put_folding(YELLOW, why, WHO_AT, t->columns - WHO_AT);
    }
    free(why);
    forget_reason(t);
    t->last_reason = mem_strdup(reason_of(r));
}

static void put_message(struct demo_teller *t, const struct outbox_row *r)
{
    bool sent = went(r);

    put_start(t, r->state_ms, sent ? GREEN : YELLOW,
              sent       ? channel_name(r->channel)
              : waits(r) ? "…"
                         : "–");
    put_cell(PLAIN, show_recipient(r), WHO_COLUMNS);
    if (!sent) {
        put_reason(t, r);
        return;
    }
    forget_reason(t);
    put_cell(DIM, r->rule, t->words_at - WHO_AT - WHO_COLUMNS);
    put_rest(PLAIN, words_of(r), t->columns - t->words_at);
}

void demo_teller_outcomes(struct demo_teller *t, const struct outbox_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outbox_row *r = &rows[i];
        size_t had = t->told_cap, id = (size_t)r->id;
        if (!went(r) && !came_to_nothing(r) && !waits(r))
            continue;
        mem_grow(&t->told, &t->told_cap, id + 1, 1);
        if (t->told_cap > had)
            memset(t->told + had, 0, t->told_cap - had);
        if (t->told[id] == r->state + 1)
            continue;
        t->told[id] = (unsigned char)(r->state + 1);
        put_message(t, r);
    }
    fflush(stdout);
}

/* ---- the summary */

struct group {
    const char *name; /* borrowed from a row */
    size_t count;
};
struct groups {
    struct group *items;
    size_t count, cap;
};

static void count_in(struct groups *g, const char *name)
{
    size_t i = 0;

    while (i < g->count && strcmp(g->items[i].name, name) != 0)
        i++;
    if (i == g->count) {
        mem_grow(&g->items, &g->cap, g->count + 1, sizeof(*g->items));
        g->items[g->count++] = (struct group){.name = name};
    }
    g->items[i].count++;
}

static int most_first(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void sort_groups(struct groups *g)
{
    if (g->count > 0)
        qsort(g->items, g->count, sizeof(*g->items), most_first);
}

/* "by rule       booked 11, ready 4, …" */
static void put_groups(struct demo_teller *t, const char *label, struct groups *g)
{
    struct buf b;

    buf_init(&b);
    sort_groups(g);
    for (size_t i = 0; i < g->count; i++)
        buf_printf(&b, "%s%s" NO_BREAK_SPACE "%zu", i > 0 ? ", " : "", g->items[i].name,
                   g->items[i].count);
    printf("%*s", INDENT, "");
    put_cell(DIM, label, LABEL_COLUMNS);
    put_folding(PLAIN, b.data, INDENT + LABEL_COLUMNS, t->columns - INDENT - LABEL_COLUMNS);
    buf_close(&b);
}

static void put_reasons(struct demo_teller *t, struct groups *g)
{
    size_t at = INDENT + 5;

    sort_groups(g);
    for (size_t i = 0; i < g->count; i++) {
        printf("%*s%3zu  ", INDENT, "", g->items[i].count);
        put_folding(PLAIN, g->items[i].name, at, t->columns - at);
    }
}

static void put_head(const char *text)
{
    putchar('\n');
    put_text(BOLD, text);
    putchar('\n');
}

/* What the summary counts. */
struct totals {
    struct groups channels, languages, rules, reasons;
    size_t sent, not_sent, open;
    const struct outbox_row *next; /* of those still open, the first to come; NULL: none */
};

static void add_up(struct totals *sum, const struct outbox_row *r)
{
    if (went(r)) {
        sum->sent++;
        count_in(&sum->channels, channel_name(r->channel));
        count_in(&sum->languages, r->language != NULL ? r->language : "?");
        count_in(&sum->rules, r->rule);
    } else if (came_to_nothing(r)) {
        sum->not_sent++;
        count_in(&sum->reasons, reason_of(r));
    } else {
        sum->open++;
        if (sum->next == NULL || r->due_ms < sum->next->due_ms)
            sum->next = r;
    }
}

static void totals_close(struct totals *sum)
{
    free(sum->channels.items);
    free(sum->languages.items);
    free(sum->rules.items);
    free(sum->reasons.items);
}

void demo_teller_summary(struct demo_teller *t, const struct outbox_row *rows, size_t count)
{
    struct totals sum = {0};
    char head[2 * SHOW_TIME_MAX], when[SHOW_TIME_MAX];

    for (size_t i = 0; i < count; i++)
        add_up(&sum, &rows[i]);
    snprintf(head, sizeof(head), "%zu message%s went out", sum.sent, sum.sent == 1 ? "" : "s");
    put_head(head);
    if (sum.sent > 0) {
        put_groups(t, "by channel", &sum.channels);
        put_groups(t, "by language", &sum.languages);
        put_groups(t, "by rule", &sum.rules);
    }
    snprintf(head, sizeof(head), "%zu did not go", sum.not_sent);
    put_head(head);
    put_reasons(t, &sum.reasons);
    if (sum.next != NULL) {
        demo_time(sum.next->due_ms, t->zone, when);
        snprintf(head, sizeof(head), "%zu still to come", sum.open);
        put_head(head);
        printf("%*sthe next on %s, %s to %s\n", INDENT, "", when, sum.next->rule,
               show_recipient(sum.next));
    }
    totals_close(&sum);
}

const struct outbox_row *demo_teller_example(const struct outbox_row *rows, size_t count)
{
    const struct outbox_row *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (rows[i].state == MESSAGE_SKIPPED && rows[i].recipient_kind == ENTITY_CLIENT)
            found = &rows[i];
    return found;
}

void demo_teller_next(const char *program, const char *dir, const struct outbox_row *example)
{
    put_head("To look at");
    printf("  %s/messages/new  the e-mails, a Maildir\n"
           "  %s/messages/sms  the texts\n",
           dir, dir);
    printf("  %s history -c %s\n", program, dir);
    if (example != NULL)
        printf("  %s why %lld -c %s\n", program, (long long)example->id, dir);
    put_head("Your own");
    printf("  %s init shop\n"
           "makes a folder to work in; README.md tells the rest.\n",
           program);
}
