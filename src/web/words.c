/* The page's own words. See web/words.h. */
#include "web/words.h"

static const char *const catalogue[WORD_COUNT] = {
#define WORD(name, text) [W_##name] = text,
#include "web/words.def"
#undef WORD
};

const char *word(enum word w)
{
    return catalogue[w];
}
