/*
 * The simulation's program:
 *
 *     sim [--seed N] [--runs N] [--days N] [--jobs N] [--trouble MASK] [--verbose] [--seeds FILE]
 *
 * The seeds of FILE first, then `runs` seeds from N on, each over so many days (run.c), `jobs` of
 * them at a time. Each is a process of its own; what one has to say is printed when its turn has
 * come, so that the output is in the order of the seeds however many run at once. Prints TAP, and
 * now and then how far it is. --trouble allows only these kinds (enum trouble, 0 is none).
 *
 * A line of FILE: a seed, its days, maybe the kinds of trouble that there were when it was kept
 * (0x...), and what it found.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim.h"

#define JOBS_MAX 64
#define AHEAD_MAX 200 /* runs that have ended before it is their turn to speak */
#define TELL_EVERY_S 10.0

struct totals {
    int64_t virtual_s, launched, accepted, crashes, cuts, outages, steps, unclear, reloads;
    int64_t probes_sent, probes_excused, audits, merged, invited, yeses, tasks_done, braked;
    int64_t clients, visits, jobs, answers, by_hand;
};

struct one_run {
    uint64_t seed;
    int days;
    unsigned troubles;
    pid_t pid;
    int out; /* what it says; -1: it says it itself */
    bool ended, ok;
};

struct runs {
    struct one_run *items;
    size_t count, cap;
    size_t started, told; /* how many of them */
    int jobs, running, failed;
    bool verbose;
    struct totals *counted; /* of each, in memory shared with it */
    struct totals all;
    double begin_s, told_s;
};

void *sim_share(size_t size)
{
    void *p =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        perror("sim: memory");
        exit(2);
    }
    return p;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- one of them --- */

static void count(struct totals *t)
{
    *t = (struct totals){
        .virtual_s = (S->mono_us - S->begin_us) / 1000000,
        .launched = S->launched,
        .accepted = S->accepted,
        .crashes = S->crashes,
        .cuts = S->power_cuts,
        .outages = S->outages,
        .steps = S->steps,
        .unclear = S->unclear,
        .reloads = S->reloads,
        .probes_sent = S->probes_sent,
        .probes_excused = S->probes_excused,
        .audits = S->audits,
        .merged = S->merged,
        .invited = S->invited,
        .yeses = S->yeses,
        .tasks_done = S->tasks_done,
        .braked = S->braked,
        .clients = S->client_count,
        .visits = S->visit_count,
        .jobs = S->job_count,
        .answers = S->answer_count,
        .by_hand = S->by_hand,
    };
}

__attribute__((noreturn)) static void run_one(const struct runs *all, const struct one_run *r,
                                              struct totals *counted)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (r->out >= 0)
        dup2(r->out, STDOUT_FILENO);
    S = sim_share(sizeof(*S));
    S->verbose = all->verbose;
    ram_make();
    bool ok = run_business(r->seed, r->days, r->troubles);
    count(counted);
    if (!ok || S->verbose)
        printf("# seed %llu, %d days: %s, digest %016llx\n", (unsigned long long)r->seed, r->days,
               ok ? "fine" : "FAILED", (unsigned long long)S->digest);
    fflush(stdout);
    _exit(ok ? 0 : 1);
}

static void start(struct runs *all)
{
    size_t i = all->started++;
    struct one_run *r = &all->items[i];

    r->out = all->jobs > 1 ? memfd_create("sim", MFD_CLOEXEC) : -1;
    fflush(stdout);
    r->pid = fork();
    if (r->pid == 0)
        run_one(all, r, &all->counted[i]);
    if (r->pid < 0) {
        perror("sim: fork");
        exit(2);
    }
    all->running++;
}

static void wait_for_one(struct runs *all)
{
    int status;
    pid_t pid = wait(&status);

    if (pid < 0) {
        perror("sim: wait");
        exit(2);
    }
    for (size_t i = all->told; i < all->started; i++)
        if (all->items[i].pid == pid && !all->items[i].ended) {
            all->items[i].ended = true;
            all->items[i].ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
    all->running--;
}

/* --- what is printed --- */

static void tell_progress(struct runs *all)
{
    double at_s = now_s();

    if (at_s - all->told_s < TELL_EVERY_S || all->told == all->count)
        return;
    all->told_s = at_s;
    printf("# %zu of %zu seeds, %d failed; %.0f s\n", all->told, all->count, all->failed,
           at_s - all->begin_s);
    fflush(stdout);
}

static void add_up(struct totals *t, const struct totals *r)
{
    t->virtual_s += r->virtual_s;
    t->launched += r->launched;
    t->accepted += r->accepted;
    t->crashes += r->crashes;
    t->cuts += r->cuts;
    t->outages += r->outages;
    t->steps += r->steps;
    t->unclear += r->unclear;
    t->reloads += r->reloads;
    t->probes_sent += r->probes_sent;
    t->probes_excused += r->probes_excused;
    t->audits += r->audits;
    t->merged += r->merged;
    t->invited += r->invited;
    t->yeses += r->yeses;
    t->tasks_done += r->tasks_done;
    t->braked += r->braked;
    t->clients += r->clients;
    t->visits += r->visits;
    t->jobs += r->jobs;
    t->answers += r->answers;
    t->by_hand += r->by_hand;
}

static void tell_next(struct runs *all)
{
    struct one_run *r = &all->items[all->told];
    off_t from = 0;

    add_up(&all->all, &all->counted[all->told++]);
    all->failed += !r->ok;
    fflush(stdout);
    if (r->out >= 0) {
        off_t len = lseek(r->out, 0, SEEK_END);
        char bytes[4096];
        for (ssize_t n; from < len && (n = pread(r->out, bytes, sizeof(bytes), from)) > 0;
             from += n)
            fwrite(bytes, 1, (size_t)n, stdout);
        close(r->out);
    }
    fflush(stdout);
}

static void tell_all(const struct runs *all)
{
    const struct totals *t = &all->all;
    double real_s = now_s() - all->begin_s;

    printf("# %lld crashes (%lld power cuts), %lld outages, %lld clock steps, %lld edits; "
           "%lld answers unclear\n",
           (long long)t->crashes, (long long)t->cuts, (long long)t->outages, (long long)t->steps,
           (long long)t->reloads, (long long)t->unclear);
    printf("# expected and sent: %lld; expected and excused: %lld; plans compared: %lld; went with "
           "another: %lld; invitations: %lld\n",
           (long long)t->probes_sent, (long long)t->probes_excused, (long long)t->audits,
           (long long)t->merged, (long long)t->invited);
    printf(
        "# rules that asked and got a yes: %lld; judged near the storm brake's limit: %lld; tasks "
        "done by people: %lld\n",
        (long long)t->yeses, (long long)t->braked, (long long)t->tasks_done);
    printf("# %lld clients, %lld visits, %lld jobs, %lld answers; written by people by themselves, "
           "and gone: %lld\n",
           (long long)t->clients, (long long)t->visits, (long long)t->jobs, (long long)t->answers,
           (long long)t->by_hand);
    printf("# %zu seeds, %.0f days (%.1f years), %lld messages launched and %lld accepted, %d "
           "failed; %.1f s, %.2f s a seed\n",
           all->count, (double)t->virtual_s / 86400, (double)t->virtual_s / 31557600.0,
           (long long)t->launched, (long long)t->accepted, all->failed, real_s,
           real_s / (double)all->count);
    printf("1..1\n%s 1 - the promises hold in %zu simulated businesses\n",
           all->failed > 0 ? "not ok" : "ok", all->count);
}

/* --- the program --- */

static void add_run(struct runs *all, uint64_t seed, int days, unsigned troubles)
{
    mem_grow(&all->items, &all->cap, all->count + 1, sizeof(*all->items));
    all->items[all->count++] =
        (struct one_run){.seed = seed, .days = days, .troubles = troubles, .out = -1};
}

static void add_kept(struct runs *all, const char *path, int days)
{
    char line[256];
    FILE *f = fopen(path, "re");

    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end == line)
            continue;
        long own = strtol(end, &end, 10);
        end += strspn(end, " ");
        unsigned troubles =
            strncmp(end, "0x", 2) == 0 ? (unsigned)strtoul(end, NULL, 16) : TROUBLE_ANY;
        add_run(all, seed, own > 0 ? (int)own : days, troubles);
    }
    fclose(f);
}

static void run_all(struct runs *all)
{
    all->counted = sim_share((all->count + 1) * sizeof(*all->counted));
    all->begin_s = all->told_s = now_s();
    numbers_make();
    while (all->told < all->count) {
        while (all->running < all->jobs && all->started < all->count &&
               all->started < all->told + AHEAD_MAX)
            start(all);
        wait_for_one(all);
        while (all->told < all->count && all->items[all->told].ended)
            tell_next(all);
        tell_progress(all);
    }
    tell_all(all);
    free(all->items);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    int runs = 30, days = 40;
    unsigned troubles = TROUBLE_ANY;
    const char *seeds = NULL;
    struct runs all = {.jobs = 1};

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--verbose") == 0)
            all.verbose = true;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--runs") == 0)
            runs = atoi(value), i++;
        else if (strcmp(argv[i], "--days") == 0)
            days = atoi(value), i++;
        else if (strcmp(argv[i], "--jobs") == 0)
            all.jobs = atoi(value), i++;
        else if (strcmp(argv[i], "--trouble") == 0)
            troubles = (unsigned)strtoul(value, NULL, 16), i++;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = value, i++;
        else {
            fprintf(stderr, "sim: %s: what is that?\n", argv[i]);
            return 2;
        }
    }
    all.jobs = all.jobs < 1 ? 1 : all.jobs > JOBS_MAX ? JOBS_MAX : all.jobs;
    if (seeds != NULL)
        add_kept(&all, seeds, days);
    for (int i = 0; i < runs; i++)
        add_run(&all, seed + (uint64_t)i, days, troubles);
    run_all(&all);
    return all.failed > 0 ? 1 : 0;
}
