/* Reads options. See cli/options.h. */
#include "cli/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void options_know(struct options *o, const struct option_spec *specs, size_t count)
{
    assert(o->count + count <= OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        o->specs[o->count++] = &specs[i];
}

static int find_name(const struct options *o, const char *name, size_t len)
{
    for (size_t i = 0; i < o->count; i++)
        if (strlen(o->specs[i]->name) == len && strncmp(o->specs[i]->name, name, len) == 0)
            return (int)i;
    return -1;
}

static int find_letter(const struct options *o, char letter)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->specs[i]->letter == letter)
            return (int)i;
    return -1;
}

static int unknown(const struct options *o, const char *name, size_t len, struct err *err)
{
    const char *names[OPTIONS_MAX];
    char *word = mem_strndup(name, len);

    for (size_t i = 0; i < o->count; i++)
        names[i] = o->specs[i]->name;
    const char *near = str_nearest(word, names, o->count);
    if (near != NULL)
        err_set(err, "there is no option --%s; did you mean --%s?", word, near);
    else
        err_set(err, "there is no option --%s", word);
    free(word);
    return ERR_INVALID;
}

static int take(struct options *o, int i, const char *value, struct err *err)
{
    if (o->values[i] != NULL) {
        err_set(err, "--%s is given twice; once is enough", o->specs[i]->name);
        return ERR_INVALID;
    }
    o->values[i] = value;
    return 0;
}

/* One argument that begins with a dash; *next is moved on when it takes the following one. */
static int parse_option(struct options *o, int argc, char **argv, int *next, struct err *err)
{
    const char *arg = argv[*next], *value = NULL;
    int i;

    if (arg[1] == '-') {
        const char *name = arg + 2, *equals = strchr(name, '=');
        size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
        if ((i = find_name(o, name, len)) < 0)
            return unknown(o, name, len, err);
        value = equals != NULL ? equals + 1 : NULL;
    } else {
        if ((i = find_letter(o, arg[1])) < 0) {
            err_set(err, "there is no option -%c", arg[1]);
            return ERR_INVALID;
        }
        value = arg[2] != '\0' ? arg + 2 : NULL;
    }
    const struct option_spec *spec = o->specs[i];
    if (spec->value == NULL && value != NULL) {
        err_set(err, "--%s takes no value, so leave `%s` out", spec->name, value);
        return ERR_INVALID;
    }
    if (spec->value == NULL)
        return take(o, i, "", err);
    if (value == NULL && *next + 1 < argc && strncmp(argv[*next + 1], "--", 2) != 0)
        value = argv[++*next];
    if (value == NULL) {
        err_set(err, "--%s needs a value: --%s %s", spec->name, spec->name, spec->value);
        return ERR_INVALID;
    }
    return take(o, i, value, err);
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
    bool only_words = false;
    int rc = 0;

    if (argc > WORDS_MAX) {
        err_set(err, "more than %d words at once; give some now and the rest later", WORDS_MAX);
        return ERR_LIMIT;
    }
    o->words = mem_array((size_t)argc + 1, sizeof(*o->words));
    for (int i = 0; rc == 0 && i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0')
            rc = parse_option(o, argc, argv, &i, err);
        else
            o->words[o->word_count++] = argv[i];
    }
    return rc;
}

void options_close(struct options *o)
{
    free(o->words);
    *o = (struct options){0};
}

static int known(const struct options *o, const char *name)
{
    int i = find_name(o, name, strlen(name));

    assert(i >= 0);
    return i;
}

bool option_given(const struct options *o, const char *name)
{
    return o->values[known(o, name)] != NULL;
}

const char *option_value(const struct options *o, const char *name)
{
    return o->values[known(o, name)];
}

int option_number(const struct options *o, const char *name, int64_t min, int64_t max,
                  int64_t fallback, int64_t *out, struct err *err)
{
    const char *value = option_value(o, name);

    *out = fallback;
    if (value == NULL || str_to_int(value, min, max, out))
        return 0;
    err_set(err, "--%s: `%s` is not a number from %lld to %lld", name, value, (long long)min,
            (long long)max);
    return ERR_INVALID;
}
