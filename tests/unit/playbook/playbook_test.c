#include "common.h"

#define WORKFLOW                                                                                   \
    "[workflow repair]\nstages = Received, \"Quote sent\", Ready, Collected, Declined\n"           \
    "done = Collected\nlost = Declined\nwaiting = Quote sent\n"
#define WORKFLOW_LINES 5

/* Parse a rule's keys, after the workflow; the rule begins in line 6, its keys in line 7. */
static struct playbook *parse(const char *keys, bool all, struct problems *problems)
{
    char *text = mem_printf(WORKFLOW "[rule r]\n%s\n", keys);
    struct ini *ini = ini_parse("p", text, strlen(text), problems);
    struct playbook *p = playbook_parse(ini, all, problems);

    ini_free(ini);
    free(text);
    return p;
}

static struct playbook *good(const char *keys)
{
    struct problems problems = {0};
    struct playbook *p = parse(keys, true, &problems);

    assert_said(&problems, "");
    assert_non_null(p);
    return p;
}

static void assert_wrong(const char *keys, const char *expected)
{
    struct problems problems = {0};
    struct playbook *p = parse(keys, true, &problems);

    assert_null(p);
    assert_said(&problems, expected);
}

static void assert_sentence(const char *keys, const char *expected)
{
    struct playbook *p = good(keys);
    char *sentence = rule_sentence(&p->rules[0]);

    assert_string_equal(sentence, expected);
    free(sentence);
    playbook_free(p);
}

static void a_rule_has_its_defaults(void **state)
{
    struct playbook *p = good("on = job  enters Ready");
    const struct rule *r = playbook_rule(p, "r");

    assert_int_equal(r->event, EVENT_JOB_ENTERS);
    assert_string_equal(r->stage, "Ready");
    assert_string_equal(r->on_text, "job enters Ready");
    assert_string_equal(r->when_text, "at once");
    assert_string_equal(r->to_text, "client");
    assert_int_equal(r->when.count, 0);
    assert_int_equal(r->when.at_minute, -1);
    assert_false(r->when.before);
    assert_int_equal(r->every.times, 1);
    assert_int_equal(r->to, TO_CLIENT);
    assert_int_equal(r->by, BY_PREFERRED);
    assert_string_equal(r->template, "r");
    assert_int_equal(r->purpose, PURPOSE_SERVICE);
    assert_int_equal(r->window, WINDOW_NOT_QUIET);
    assert_int_equal(r->outside, OUTSIDE_DEFAULT);
    assert_int_equal(r->late_ms, LATE_DEFAULT);
    assert_int_equal(r->missed, MISSED_DEFAULT);
    assert_int_equal(r->settle_ms, 0);
    assert_true(r->capped);
    assert_null(r->workflow);
    assert_null(r->only_if);
    assert_false(r->invite);
    assert_int_equal(r->merge_ms, 0);
    assert_int_equal(r->unknown, UNKNOWN_DEFAULT);
    assert_int_equal(r->line, WORKFLOW_LINES + 1);
    assert_null(playbook_rule(p, "s"));
    playbook_free(p);
}

static void a_rule_keeps_all_it_is_told(void **state)
{
    struct playbook *p =
        good("on = appointment starts\nwhen = 1 day before at 18:05\nif = client.name <> ''\n"
             "  and job.stage = 'Ready'\nunless = appointment.status = 'confirmed' ; told\n"
             "to = department  Parts\nby = sms then email\ntemplate = other\npurpose = survey\n"
             "window = 09:00-20:00\noutside = skip\nlate = 2 hours\nmissed = send\ncap = no\n"
             "require = job.title, client.fields.x\nunknown = hold\n"
             "every = 4 days, 3 times");
    const struct rule *r = playbook_rule(p, "r");

    assert_int_equal(r->when.count, 1);
    assert_int_equal(r->when.unit, UNIT_DAYS);
    assert_true(r->when.before);
    assert_int_equal(r->when.at_minute, 18 * 60 + 5);
    assert_string_equal(r->only_if, "client.name <> ''\nand job.stage = 'Ready'");
    assert_int_equal(r->only_if_line, WORKFLOW_LINES + 4);
    assert_string_equal(r->unless, "appointment.status = 'confirmed'");
    assert_int_equal(r->unless_line, WORKFLOW_LINES + 6);
    assert_int_equal(r->to, TO_DEPARTMENT);
    assert_string_equal(r->department, "Parts");
    assert_int_equal(r->by, BY_SMS_THEN_EMAIL);
    assert_string_equal(r->template, "other");
    assert_int_equal(r->purpose, PURPOSE_SURVEY);
    assert_int_equal(r->window, WINDOW_DAILY);
    assert_int_equal(r->daily.from_minute, 540);
    assert_int_equal(r->daily.to_minute, 1200);
    assert_int_equal(r->outside, OUTSIDE_SKIP);
    assert_int_equal(r->late_ms, 7200000);
    assert_int_equal(r->missed, MISSED_SEND);
    assert_false(r->capped);
    assert_int_equal(r->require.count, 2);
    assert_int_equal(r->unknown, UNKNOWN_HOLD);
    assert_int_equal(r->every.count, 4);
    assert_int_equal(r->every.unit, UNIT_DAYS);
    assert_int_equal(r->every.times, 3);
    playbook_free(p);
}

static void merge_is_for_messages_to_clients(void **state)
{
    struct playbook *p = good("on = appointment starts\nmerge = 10 minutes");

    assert_int_equal(playbook_rule(p, "r")->merge_ms, 600000);
    playbook_free(p);
    assert_wrong("on = job opens\nto = staff\nmerge = 10 minutes",
                 "p:9: `merge`: it joins messages to one client; this rule writes to staff");
}

static void every_event_is_understood(void **state)
{
    static const struct {
        const char *keys;
        enum event event;
    } cases[] = {
        {"on = job enters \"Quote sent\"", EVENT_JOB_ENTERS},
        {"on = Job Leaves 'Quote sent'", EVENT_JOB_LEAVES},
        {"on = job opens", EVENT_JOB_OPENS},
        {"on = job completes", EVENT_JOB_COMPLETES},
        {"on = job is lost", EVENT_JOB_LOST},
        {"on = job is due", EVENT_JOB_DUE},
        {"on = appointment booked", EVENT_APPOINTMENT_BOOKED},
        {"on = appointment moved", EVENT_APPOINTMENT_MOVED},
        {"on = appointment cancelled", EVENT_APPOINTMENT_CANCELLED},
        {"on = appointment confirmed", EVENT_APPOINTMENT_CONFIRMED},
        {"on = appointment missed", EVENT_APPOINTMENT_MISSED},
        {"on = appointment starts", EVENT_APPOINTMENT_STARTS},
        {"on = appointment ends", EVENT_APPOINTMENT_ENDS},
        {"on = client hears nothing\nwhen = 5 days after", EVENT_CLIENT_SILENCE},
        {"on = client answers", EVENT_CLIENT_ANSWERS},
        {"on = no answer to s\nwhen = 2 days after\n[rule s]\non = job opens", EVENT_NO_ANSWER},
        {"on = survey below 4", EVENT_SURVEY_BELOW},
    };

    assert_int_equal(sizeof(cases) / sizeof(cases[0]), EVENT_COUNT);
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        struct playbook *p = good(cases[i].keys);
        const struct rule *r = &p->rules[0];

        assert_int_equal(r->event, cases[i].event);
        assert_int_equal(rule_on_job(r), i <= EVENT_JOB_DUE || i == EVENT_CLIENT_SILENCE ||
                                             i == EVENT_NO_ANSWER); /* to what a job's rule asks */
        assert_int_equal(rule_on_appointment(r),
                         i >= EVENT_APPOINTMENT_BOOKED && i <= EVENT_APPOINTMENT_ENDS);
        assert_int_equal(rule_on_answer(r), i == EVENT_CLIENT_ANSWERS || i == EVENT_SURVEY_BELOW);
        if (i <= EVENT_JOB_LEAVES)
            assert_string_equal(r->stage, "Quote sent");
        playbook_free(p);
    }
    assert_null(event_phrase(EVENT_COUNT));
}

static void every_offset_is_understood(void **state)
{
    static const struct {
        const char *when;
        int64_t count;
        enum offset_unit unit;
        bool before;
        int at_minute;
    } cases[] = {
        {"at once", 0, UNIT_MINUTES, false, -1},
        {"15 minutes before", 15, UNIT_MINUTES, true, -1},
        {"1 minute after", 1, UNIT_MINUTES, false, -1},
        {"2 Hours Before", 2, UNIT_HOURS, true, -1},
        {"1 day before at 18:00", 1, UNIT_DAYS, true, 1080},
        {"0 days after at 00:00", 0, UNIT_DAYS, false, 0},
        {"2 weeks after", 2, UNIT_WEEKS, false, -1},
        {"11  months   after at 10:30", 11, UNIT_MONTHS, false, 630},
        {"8 business hours after", 8, UNIT_BUSINESS_HOURS, false, -1},
        {"1 business day before at 09:00", 1, UNIT_BUSINESS_DAYS, true, 540},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *keys = mem_printf("on = appointment starts\nwhen = %s", cases[i].when);
        struct playbook *p = good(keys);
        const struct offset *o = &p->rules[0].when;

        assert_int_equal(o->count, cases[i].count);
        assert_int_equal(o->unit, cases[i].unit);
        assert_int_equal(o->before, cases[i].before);
        assert_int_equal(o->at_minute, cases[i].at_minute);
        playbook_free(p);
        free(keys);
    }
}

static void every_recipient_and_channel_is_understood(void **state)
{
    struct playbook *p = good("on = job opens\nto = staff\nby = task");
    assert_int_equal(p->rules[0].to, TO_STAFF);
    assert_int_equal(p->rules[0].by, BY_TASK);
    assert_false(rule_writes_to_client(&p->rules[0]));
    playbook_free(p);
    p = good("on = job opens\nby = task");
    assert_int_equal(p->rules[0].to, TO_CLIENT);
    assert_false(rule_writes_to_client(&p->rules[0]));
    playbook_free(p);
    p = good("on = job opens\nto = Manager\nby = email and sms");
    assert_int_equal(p->rules[0].to, TO_MANAGER);
    assert_int_equal(p->rules[0].by, BY_SMS_AND_EMAIL);
    playbook_free(p);
    p = good("on = job opens\nto = boss@Example.com\nby = email");
    assert_int_equal(p->rules[0].to, TO_ADDRESS);
    assert_string_equal(p->rules[0].address, "boss@example.com");
    playbook_free(p);
    p = good("on = job opens\nto = +371 (29) 123-456\nby = sms");
    assert_string_equal(p->rules[0].address, "+371 (29) 123-456");
    playbook_free(p);
    p = good("on = job opens\nby = email then sms\nwindow = business hours");
    assert_int_equal(p->rules[0].by, BY_EMAIL_THEN_SMS);
    assert_int_equal(p->rules[0].window, WINDOW_BUSINESS);
    playbook_free(p);
    p = good("on = appointment starts\nwhen = 1 day before\nby = sms then email\ninvite = yes");
    assert_true(p->rules[0].invite);
    playbook_free(p);
}

static void workflows_know_their_stages(void **state)
{
    struct playbook *p = good("on = job opens");
    const struct workflow *w = playbook_workflow(p, "repair");

    assert_null(playbook_workflow(p, "sales"));
    assert_int_equal(w->stages.count, 5);
    assert_true(workflow_has(w, "Quote sent"));
    assert_false(workflow_has(w, "quote sent"));
    assert_true(workflow_is_done(w, "Collected"));
    assert_true(workflow_is_lost(w, "Declined"));
    assert_true(workflow_is_waiting(w, "Quote sent"));
    assert_false(workflow_is_waiting(w, "Ready"));
    playbook_free(p);
}

static void contradictions_say_what_would_be_right(void **state)
{
    assert_wrong("on = job enters Ready\nwhen = 2 hours before",
                 "p:8: `when`: nobody knows before it happens that `job enters Ready`; write "
                 "`after`, or `at once`; `before` is for `appointment starts`, `appointment ends` "
                 "and `job is due`");
    assert_wrong("on = client hears nothing",
                 "p:6: `when`: say how long to wait for it: `5 days after`");
    assert_wrong("on = job opens\nmissed = skip",
                 "p:8: `missed`: it is for rules with `before`; how late this one may be says "
                 "`late`");
    assert_wrong("on = job opens\ninvite = yes",
                 "p:8: `invite`: an invitation is for an appointment; this rule is on `job opens`");
    assert_wrong("on = appointment booked\ninvite = yes\nby = sms",
                 "p:8: `invite`: an invitation goes with mail only; `by` leaves none");
    assert_wrong("on = appointment booked\ninvite = yes\nto = staff",
                 "p:8: `invite`: an invitation is for the client; `to` says `staff`");
    assert_wrong("on = appointment booked\nby = email\ninvite = yes\nmerge = 5 minutes",
                 "p:10: `merge`: a mail with an invitation goes alone; leave out `merge` or "
                 "`invite`");
    assert_wrong("on = appointment missed\ninvite = yes",
                 "p:8: `invite`: an invitation comes before the visit, and this rule after it "
                 "began");
    assert_wrong("on = job opens\nto = boss@example.com\nby = task",
                 "p:9: `by`: a task is for people of the house; write `to = staff`, `to = "
                 "manager`, `to = department NAME`, or `to = client` for calling her");
    assert_wrong("on = no answer to r\nwhen = 2 days after",
                 "p:7: `on`: a rule cannot wait for an answer to itself; name the rule that asks");
    assert_wrong("on = no answer to readdy\nwhen = 2 days after\n[rule ready]\non = job opens",
                 "p:7: `on`: there is no `[rule readdy]`; did you mean `ready`?");
    assert_wrong(
        "on = no answer to t\nwhen = 2 days after\n[rule t]\non = job opens\nto = manager",
        "p:7: `on`: no client can answer `t`, which goes to manager; name a rule that writes "
        "to the client");
    assert_wrong(
        "on = no answer to s\nwhen = 1 day after\n[rule s]\non = no answer to t\n"
        "when = 1 day after\n[rule t]\non = no answer to r\nwhen = 1 day after",
        "p:6: `[rule r]` and `[rule t]` wait for answers to each other; one of them has to "
        "begin with something that happens");
    assert_wrong("on = job opens\nevery = 4 days",
                 "p:8: `every`: `4 days`: say how far apart and how many in all, as `4 days, 3 "
                 "times`");
    assert_wrong("on = job opens\nevery = 4 days, 1 times",
                 "p:8: `every`: say how many in all, 2 to 100: `4 days, 3 times`");
    assert_wrong("on = job opens\nevery = 0 days, 3 times",
                 "p:8: `every`: the distance is at least 1: `4 days, 3 times`");
    assert_wrong("on = job opens\nrequire = a b",
                 "p:8: `require`: `a b` is no variable; write `job.fields.plate`");
}

static void stages_are_found_in_the_workflow_meant(void **state)
{
    struct problems problems = {0};

    playbook_free(
        parse("on = job enters Ready\n[workflow sales]\nstages = New, Ready", true, &problems));
    assert_said(&problems, "p:7: warning: `Ready` is a stage of `repair` and of `sales`, and this "
                           "rule means both; for one of them alone add `workflow = repair`");
    playbook_free(
        good("on = job enters Ready\nworkflow = sales\n[workflow sales]\nstages = Ready"));
    assert_wrong("on = job enters Collected\nworkflow = sales\n[workflow sales]\nstages = Ready",
                 "p:7: `on`: no stage is called `Collected`; write `Ready`");
    assert_wrong("on = job enters ready",
                 "p:7: `on`: no stage is called `ready`; did you mean `Ready` of the workflow "
                 "`repair`?");
    assert_wrong("on = job completes\nworkflow = sales\n[workflow sales]\nstages = Ready",
                 "p:7: `on`: this never happens, for no workflow says `done = STAGE`");
}

static void read_file(const char *name, const char *ending, struct buf *out)
{
    char *path = mem_printf("tests/data/config/%s.%s", name, ending);

    buf_init(out);
    assert_int_equal(fs_read(path, 65536, out, NULL), 0);
    free(path);
}

/* NAME.conf gets what stands in NAME.said, word for word. */
static void assert_said_of(const char *name, const char *text, size_t len)
{
    struct problems problems = {0};
    char *path = mem_printf("tests/data/config/%s.conf", name);
    struct buf expected;

    read_file(name, "said", &expected);
    assert_null(playbook_read_text(path, text, len, &problems));
    char *told = said(&problems);
    buf_truncate(&expected, expected.len - 1); /* the last line's end */
    assert_string_equal(told, expected.data);
    free(told);
    free(path);
    problems_close(&problems);
    buf_close(&expected);
}

static void nonsense_gets_one_good_error_per_line(void **state)
{
    static const char *const names[] = {"nonsense-playbook", "typing-playbook"};
    struct buf text;

    for (size_t i = 0; i < 2; i++) {
        read_file(names[i], "conf", &text);
        assert_said_of(names[i], text.data, text.len);
        buf_close(&text);
    }
}

/* The same file, saved on Windows. */
static void another_systems_line_ends_change_no_word_and_no_line(void **state)
{
    struct buf text, saved;

    read_file("typing-playbook", "conf", &text);
    buf_init(&saved);
    buf_puts(&saved, "\xef\xbb\xbf");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n')
            buf_putc(&saved, '\r');
        buf_putc(&saved, text.data[i]);
    }
    assert_said_of("typing-playbook", saved.data, saved.len);
    buf_close(&saved);
    buf_close(&text);
}

static void a_line_that_no_person_writes_is_one_error(void **state)
{
    struct problems problems = {0};
    struct buf text;

    buf_init(&text);
    buf_puts(&text, "[rule a]\non = job opens\nwhen = ");
    for (size_t i = 0; i < 600 * 1024; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "\nby = sms\n");
    assert_null(playbook_read_text("p", text.data, text.len, &problems));
    assert_int_equal(problems.errors, 1);
    assert_true(strlen(problems.items[0].text) < 200);
    problems_close(&problems);
    buf_close(&text);
}

static void rules_read_as_sentences(void **state)
{
    assert_sentence("on = job enters Collected\nwhen = 11 months after at 10:00",
                    "When a job enters Collected, after 11 months at 10:00, write to the client");
    assert_sentence("on = job enters Ready\nwhen = 5 minutes after\nby = sms then email",
                    "When a job enters Ready, after 5 minutes, text the client, else e-mail");
    assert_sentence("on = job enters Ready\nsettle = 5 minutes\nby = email",
                    "When a job enters Ready and that holds for 5 minutes, e-mail the client");
    assert_sentence("on = appointment starts\nwhen = 1 day before at 18:00",
                    "At 18:00, 1 day before an appointment starts, write to the client");
    assert_sentence("on = appointment starts\nwhen = 2 hours before\nby = sms\n"
                    "unless = appointment.status\n  = 'confirmed'",
                    "2 hours before an appointment starts, text the client, unless the "
                    "appointment's status is “confirmed”");
    assert_sentence("on = job enters Collected\npurpose = marketing\nmerge = 15 minutes\nif = 1",
                    "When a job enters Collected, write to the client, as marketing, so only to "
                    "who asked for it, joined with what else goes to them within 15 minutes, "
                    "only where: 1");
    assert_sentence("on = job enters Collected\npurpose = survey\nby = email",
                    "When a job enters Collected, e-mail the client, as a survey");
    assert_sentence("on = job opens\nwhen = 2 days after\nby = task",
                    "When a job opens, after 2 days, give the one in charge a task for the client");
    assert_sentence("on = job opens\nwhen = 0 days after at 17:00\nto = department Parts\n"
                    "window = business hours",
                    "When a job opens, the same day at 17:00, write to department Parts, in "
                    "business hours");
    assert_sentence("on = job leaves Quote sent\nwhen = 3 business days after\n"
                    "every = 4 days, 3 times\nwindow = 09:00-20:00\nif = 1",
                    "When a job leaves Quote sent, after 3 business days, write to the client, "
                    "again every 4 days, 3 times in all or until the client answers, between 09:00 "
                    "and 20:00, only where: 1");
    assert_sentence("on = job opens\nif = job.amount > 5\nunless = NOT\n  1",
                    "When a job opens, write to the client, only if the job's amount is over 5, "
                    "but not where: NOT 1");
    assert_sentence("on = job opens\nif = NOT 1\nunless = job.amount > 5",
                    "When a job opens, write to the client, only where: NOT 1; unless the job's "
                    "amount is over 5");
    assert_sentence("on = survey below 4\nto = boss@example.com\nwindow = any",
                    "When a client scores below 4, write to boss@example.com, at any hour");
    assert_sentence("on = no answer to s\nwhen = 1 week after\nto = manager\nby = sms and email\n"
                    "[rule s]\non = job opens",
                    "When a client does not answer s within 1 week, text and e-mail the manager");
    assert_sentence("on = client hears nothing\nwhen = 5 days after\nto = staff\nby = task",
                    "When the client of an open job hears nothing for 5 days, give the one in "
                    "charge a task");
}

static void both_files_are_checked_together(void **state)
{
    struct problems problems = {0};
    struct playbook *p = parse("on = job opens\nto = staff\nwindow = business hours\nby = sms\n"
                               "[rule s]\non = job opens\nto = 29 123 456\n"
                               "[rule t]\non = job opens\nwhen = 1 business day after",
                               true, &problems);
    struct settings settings = {0};

    assert_non_null(p);
    str_list_add(&settings.channels[CHANNEL_EMAIL].gateways, "m", 1);
    playbook_check(p, &settings, &problems);
    assert_int_equal(problems.errors, 3);
    assert_said_among(&problems, "p:9: `[rule r]` counts on business hours, and betimes.conf gives "
                                 "none; add `hours = Mon-Fri 09:00-18:00` to `[business]`\n"
                                 "p:10: warning: `[rule r]` can reach nobody: no gateway in "
                                 "betimes.conf carries SMS\n"
                                 "p:13: `[rule s]`: `to`: ");
    settings.business.has_hours = true;
    settings.business.country = "LV";
    str_list_add(&settings.channels[CHANNEL_SMS].gateways, "m", 1);
    playbook_check(p, &settings, &problems);
    assert_said(&problems, "");
    for (int i = 0; i < CHANNEL_COUNT; i++)
        str_list_close(&settings.channels[i].gateways);
    playbook_free(p);
}

static void a_calendar_that_would_not_hear_of_a_move_is_a_warning(void **state)
{
    struct problems problems = {0};
    struct settings settings = {0};
    struct playbook *p = parse("on = appointment booked\nby = email\ninvite = yes\n"
                               "[rule s]\non = appointment cancelled\nby = email\ninvite = yes\n"
                               "[rule t]\non = appointment moved\nby = email",
                               false, &problems);

    assert_non_null(p);
    str_list_add(&settings.channels[CHANNEL_EMAIL].gateways, "m", 1);
    playbook_check(p, &settings, &problems);
    assert_said(&problems,
                "p:6: warning: `[rule r]` puts visits into the calendars of clients, and "
                "no rule on `appointment moved` has `invite = yes` to tell those "
                "calendars of it");
    p->rules[2].invite = true;
    playbook_check(p, &settings, &problems);
    assert_said(&problems, "");
    str_list_close(&settings.channels[CHANNEL_EMAIL].gateways);
    playbook_free(p);
}

static void an_empty_playbook_is_a_warning(void **state)
{
    struct problems problems = {0};

    playbook_free(playbook_read_text("p", "", 0, &problems));
    assert_said(&problems, "p: warning: there is no rule, so nothing will be sent");
    assert_null(playbook_read("/nowhere/playbook.conf", &problems));
    assert_said_among(&problems, "/nowhere/playbook.conf: ");
}

static void the_sample_playbook_is_without_fault(void **state)
{
    static const char *const names[] = {"booked",        "reminder-evening-before",
                                        "reminder-soon", "moved",
                                        "cancelled",     "received",
                                        "quote-sent",    "waiting-for-parts",
                                        "ready",         "collected-thanks",
                                        "missed",        "check-up",
                                        "staff-new-job", "quote-reminder",
                                        "staff-unhappy", "staff-gone-quiet"};
    struct problems problems = {0};
    struct playbook *p = playbook_read("conf/playbook.conf", &problems);

    assert_said(&problems, "");
    assert_non_null(p);
    assert_int_equal(p->rule_count, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < p->rule_count; i++) {
        assert_non_null(playbook_rule(p, names[i]));
        char *sentence = rule_sentence(&p->rules[i]);
        assert_true(strlen(sentence) > 20);
        free(sentence);
    }
    playbook_free(p);
}

static void every_key_is_listed_with_its_help(void **state)
{
    size_t rules = 0, later = 0, keys = 0;
    const struct directive_section *s;

    for (size_t i = 0; (s = playbook_directives(i)) != NULL; i++) {
        assert_true(strcmp(s->file, "betimes.conf") == 0 || strcmp(s->file, "playbook.conf") == 0);
        assert_true(s->count > 0 && *s->help != '\0');
        rules += strcmp(s->kind, "rule") == 0;
        for (size_t j = 0; j < s->count; j++) {
            const struct directive *d = &s->directives[j];
            char *words = directive_words(d);

            assert_true(*d->key != '\0' && strlen(d->help) > 5);
            assert_true(strlen(directive_form(d)) > 3);
            assert_int_equal(words != NULL, d->type == DIRECTIVE_WORD);
            later += !directive_is_supported(s, d);
            keys++;
            free(words);
        }
    }
    assert_int_equal(rules, 1);
    assert_true(later > 0 && later < keys / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_has_its_defaults),
        cmocka_unit_test(a_rule_keeps_all_it_is_told),
        cmocka_unit_test(merge_is_for_messages_to_clients),
        cmocka_unit_test(every_event_is_understood),
        cmocka_unit_test(every_offset_is_understood),
        cmocka_unit_test(every_recipient_and_channel_is_understood),
        cmocka_unit_test(workflows_know_their_stages),
        cmocka_unit_test(contradictions_say_what_would_be_right),
        cmocka_unit_test(stages_are_found_in_the_workflow_meant),
        cmocka_unit_test(nonsense_gets_one_good_error_per_line),
        cmocka_unit_test(another_systems_line_ends_change_no_word_and_no_line),
        cmocka_unit_test(a_line_that_no_person_writes_is_one_error),
        cmocka_unit_test(rules_read_as_sentences),
        cmocka_unit_test(both_files_are_checked_together),
        cmocka_unit_test(a_calendar_that_would_not_hear_of_a_move_is_a_warning),
        cmocka_unit_test(an_empty_playbook_is_a_warning),
        cmocka_unit_test(the_sample_playbook_is_without_fault),
        cmocka_unit_test(every_key_is_listed_with_its_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
