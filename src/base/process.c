/*
 * Children with limits.
 *
 * The happy path: two socket pairs become the child's standard input and output, posix_spawn starts
 * it, and one poll loop writes what it has yet to read, reads what it has written, and waits for
 * its end through a pidfd, until it has ended and its output is read to the end.
 *
 * When it takes too long or says too much it is killed, and the loop goes on to its end as with any
 * other: there is one way out, and a child is always waited for. Sockets instead of pipes, because
 * a write to a child that is gone then gives EPIPE, and no signal that a library must not touch.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sanitized.h"

#define READ_BYTES ((size_t)65536)

/* What base/mem ends with when there is no memory. */
#define STATUS_NO_MEMORY 2

/* ---- in the child ---- */

/* Every access to files that the first version of Landlock knows; later ones only add to it. */
#define LANDLOCK_ALL                                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int limit(int what, rlim_t most, struct err *err)
{
    /* At the hard limit of processor time the signal is SIGKILL, which could be anybody's: a second
     * before it SIGXCPU says what it is. */
    struct rlimit now, wanted = {most, most + (what == RLIMIT_CPU)};

    if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max = now.rlim_max; /* somebody was stricter */
    if (setrlimit((__rlimit_resource_t)what, &wanted) != 0)
        return err_errno(err, errno, "limit a child's resources");
    return 0;
}

/* Only `reads` stays open to us. A folder that cannot be opened is one that cannot be read later
 * either, so that is no error. A kernel without Landlock leaves us with the other limits. */
static int restrict_files(const char *reads, struct err *err)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = LANDLOCK_ALL};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    int rc = 0;

    if (ruleset < 0)
        return 0;
    if (reads != NULL) {
        struct landlock_path_beneath_attr folder = {
            .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
            .parent_fd = open(reads, O_PATH | O_CLOEXEC),
        };
        if (folder.parent_fd >= 0) {
            if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &folder, 0) !=
                0)
                rc = err_errno(err, errno, "limit a child to %s", reads);
            close(folder.parent_fd);
        }
    }
    if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        rc = err_errno(err, errno, "limit a child's files");
    close(ruleset);
    return rc;
}

int process_confine(const struct process_limits *limits, struct err *err)
{
    int rc;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0)
        return err_errno(err, errno, "confine a child");
    /* Standard error may be a file: a word to it is lost then, and is no reason to die. */
    signal(SIGXFSZ, SIG_IGN);
    if ((rc = restrict_files(limits->reads, err)) != 0 || (rc = limit(RLIMIT_CORE, 0, err)) != 0 ||
        (rc = limit(RLIMIT_FSIZE, 0, err)) != 0 ||
        (rc = limit(RLIMIT_NOFILE, limits->files, err)) != 0 ||
        (rc = limit(RLIMIT_CPU, limits->cpu_s, err)) != 0)
        return rc;
    if (!SANITIZED && ((rc = limit(RLIMIT_NPROC, 0, err)) != 0 ||
                       (rc = limit(RLIMIT_DATA, limits->memory_bytes, err)) != 0))
        return rc;
    return 0;
}

/* ---- in the parent ---- */

struct child {
    pid_t pid;
    int pidfd;
    int in, out; /* our ends; -1 once closed */
    const char *input;
    size_t input_left;
    struct buf *output;
    size_t output_left;
    bool overtime, overflow, ended;
    int status; /* of waitpid */
};

/* Never after it was waited for: its number may be somebody else's by then. */
static void end_child(const struct child *c)
{
    if (!c->ended)
        kill(c->pid, SIGKILL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int pair(int ours_theirs[2], struct err *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ours_theirs) != 0)
        return err_errno(err, errno, "talk to a child");
    return 0;
}

static int spawn(const char *path, const char *const argv[], int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    const char *tzdir = getenv("TZDIR");
    char *zone_folder = tzdir != NULL ? mem_printf("TZDIR=%s", tzdir) : NULL;
    /* The leak checker reads /proc, which a child may not; a report is a crash, not a refusal. */
    static char address[] = "ASAN_OPTIONS=detect_leaks=0:exitcode=99";
    static char thread[] = "TSAN_OPTIONS=exitcode=99";
    char *env[4] = {NULL};
    size_t n = 0;

    if (SANITIZED) {
        env[n++] = address;
        env[n++] = thread;
    }
    if (zone_folder != NULL)
        env[n++] = zone_folder;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    /* The casts undo what C's prototype cannot say: nobody writes to them. */
    int rc = posix_spawn(pid, path, &files, &attributes, (char *const *)argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(zone_folder);
    return rc;
}

static int start(struct child *c, const char *path, const char *const argv[], struct err *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int rc = pair(in, err);

    if (rc == 0)
        rc = pair(out, err);
    if (rc == 0) {
        int failed = spawn(path, argv, in[1], out[1], &c->pid);
        if (failed != 0)
            rc = err_errno(err, failed, "start %s", path);
    }
    close_fd(&in[1]);
    close_fd(&out[1]);
    c->in = in[0];
    c->out = out[0];
    if (rc != 0)
        return rc;
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    if (c->pidfd < 0) {
        rc = err_errno(err, errno, "watch a child");
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    return rc;
}

static void write_some(struct child *c)
{
    ssize_t n = send(c->in, c->input, c->input_left, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0) {
        c->input += n;
        c->input_left -= (size_t)n;
    }
    if (c->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&c->in); /* all is said, or it does not listen any more */
}

static void read_some(struct child *c)
{
    buf_reserve(c->output, READ_BYTES);
    ssize_t n = recv(c->out, c->output->data + c->output->len, READ_BYTES, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_fd(&c->out);
    } else if ((size_t)n > c->output_left) {
        c->overflow = true;
        close_fd(&c->out);
        end_child(c);
    } else {
        c->output_left -= (size_t)n;
        c->output->len += (size_t)n;
        c->output->data[c->output->len] = '\0';
    }
}

static void reap(struct child *c)
{
    while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
        ;
    c->ended = true;
    close_fd(&c->in);
}

static void attend(struct child *c, int64_t wall_ms)
{
    int64_t until_ms = clock_mono_ms() + wall_ms;

    while (!c->ended || c->out >= 0) {
        struct pollfd fds[3] = {
            {.fd = c->in, .events = POLLOUT},
            {.fd = c->out, .events = POLLIN},
            {.fd = c->ended ? -1 : c->pidfd, .events = POLLIN},
        };
        int64_t left_ms = until_ms - clock_mono_ms();
        if (left_ms <= 0 && !c->overtime) {
            c->overtime = true;
            end_child(c);
            close_fd(&c->out); /* a grandchild may hold the other end */
            continue;
        }
        if (poll(fds, 3, left_ms > 0 ? (int)(left_ms < INT32_MAX ? left_ms : INT32_MAX) : -1) < 0)
            continue; /* a signal; nothing else can go wrong here */
        if (fds[0].revents != 0)
            write_some(c);
        if (fds[1].revents != 0)
            read_some(c);
        if (fds[2].revents != 0)
            reap(c);
    }
}

enum process_end process_judge(int64_t exit_status, int term_signal, bool overtime, bool overflow)
{
    if (overflow)
        return PROCESS_TOO_LARGE;
    if (overtime || term_signal == SIGXCPU)
        return PROCESS_TOO_LONG;
    if (term_signal != 0)
        return PROCESS_CRASHED;
    switch (exit_status) {
    case 0:
        return PROCESS_DONE;
    case 1:
        return PROCESS_REFUSED;
    case STATUS_NO_MEMORY:
        return PROCESS_TOO_LARGE;
    default:
        return PROCESS_CRASHED;
    }
}

const char *process_end_words(enum process_end end)
{
    switch (end) {
    case PROCESS_DONE:
        return "is done";
    case PROCESS_REFUSED:
        return "was refused";
    case PROCESS_TOO_LARGE:
        return "needs more memory than is allowed";
    case PROCESS_TOO_LONG:
        return "takes longer than is allowed";
    default:
        return "made the process that reads it crash";
    }
}

int process_run(const char *path, const char *const argv[], const void *input, size_t len,
                const struct process_limits *limits, struct buf *out, enum process_end *end,
                struct err *err)
{
    struct child c = {
        .pidfd = -1,
        .in = -1,
        .out = -1,
        .input = input,
        .input_left = len,
        .output = out,
        .output_left = limits->output_bytes,
    };
    int rc = start(&c, path, argv, err);

    if (rc == 0) {
        attend(&c, limits->wall_ms);
        bool signalled = WIFSIGNALED(c.status);
        *end = process_judge(signalled ? 0 : WEXITSTATUS(c.status),
                             signalled ? WTERMSIG(c.status) : 0, c.overtime, c.overflow);
    }
    close_fd(&c.in);
    close_fd(&c.out);
    close_fd(&c.pidfd);
    return rc;
}
