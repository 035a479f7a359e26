/* Copies the samples that come with the program. See cli/samples.h. */
#include "cli/samples.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/command.h"

#define SAMPLE_MAX (1024 * 1024) /* bytes of one sample */
#define SAMPLES_DEPTH_MAX 4
#define FILE_MODE 0640
#define FOLDER_MODE 0750

struct copying {
    const char *dir;
    size_t *written;
    struct str_list *stayed;
    struct err *err;
};

static bool has_samples(const char *dir)
{
    char *conf = fs_join(dir, "conf/playbook.conf"), *templates = fs_join(dir, "templates");
    bool found = fs_exists(conf) && fs_is_dir(templates);

    free(conf);
    free(templates);
    return found;
}

/* The folder with the samples, or NULL; free() it. */
static char *find_samples(void)
{
    static const char *const beside[] = {"../share/betimes", "..", "../.."};
    const char *share = getenv("BETIMES_SHARE");
    char self[PATH_MAX];

    if (share != NULL && *share != '\0')
        return has_samples(share) ? mem_strdup(share) : NULL;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n > 0) {
        self[n] = '\0';
        *strrchr(self, '/') = '\0';
        for (size_t i = 0; i < COUNT_OF(beside); i++) {
            char *dir = mem_printf("%s/%s", self, beside[i]);
            if (has_samples(dir))
                return dir;
            free(dir);
        }
    }
    return has_samples(BETIMES_PREFIX "/share/betimes")
               ? mem_strdup(BETIMES_PREFIX "/share/betimes")
               : NULL;
}

static int copy_file(const struct copying *c, const char *from, const char *name)
{
    char *to = fs_join(c->dir, name);
    struct buf b;

    buf_init(&b);
    int rc = fs_read(from, SAMPLE_MAX, &b, c->err);
    if (rc == 0)
        rc = fs_create(to, b.data, b.len, FILE_MODE, c->err);
    if (rc == 0) {
        ++*c->written;
    } else if (rc == ERR_EXISTS) {
        if (c->stayed != NULL)
            str_list_add(c->stayed, name, strlen(name));
        rc = 0;
    }
    buf_close(&b);
    free(to);
    return rc;
}

/* A folder of samples into the folder `name` of the new one. */
static int copy_folder(const struct copying *c, const char *from, const char *name, int depth)
{
    struct str_list names = {0};
    char *to = fs_join(c->dir, name);
    int rc = depth > SAMPLES_DEPTH_MAX ? ERR_LIMIT : fs_mkdirs(to, FOLDER_MODE, c->err);

    if (rc == 0)
        rc = fs_list(from, &names, c->err);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        char *source = fs_join(from, names.items[i]), *target = fs_join(name, names.items[i]);
        rc = fs_is_dir(source) ? copy_folder(c, source, target, depth + 1)
                               : copy_file(c, source, target);
        free(source);
        free(target);
    }
    str_list_close(&names);
    free(to);
    return rc;
}

static int copy_all(const struct copying *c, const char *samples)
{
    static const struct {
        const char *from, *to;
    } parts[] = {
        {"templates", "templates"},
        {"conf/providers", "providers"},
        {"conf/playbook.conf", "playbook.conf"},
        {"conf/betimes.conf", "betimes.conf"},
    };
    int rc = fs_mkdirs(c->dir, FOLDER_MODE, c->err);

    for (size_t i = 0; rc == 0 && i < COUNT_OF(parts); i++) {
        char *from = fs_join(samples, parts[i].from);
        rc = fs_is_dir(from) ? copy_folder(c, from, parts[i].to, 0)
                             : copy_file(c, from, parts[i].to);
        free(from);
    }
    return rc;
}

int samples_copy(const char *dir, size_t *written, struct str_list *stayed, struct err *err)
{
    struct copying c = {.dir = dir, .written = written, .stayed = stayed, .err = err};
    char *samples = find_samples();

    *written = 0;
    if (samples == NULL) {
        err_set(err, "the samples that come with Betimes are not where they should be; name their "
                     "folder in the variable BETIMES_SHARE");
        return ERR_NOTFOUND;
    }
    int rc = copy_all(&c, samples);
    free(samples);
    return rc;
}
