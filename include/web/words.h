/*
 * The page's own words: one catalogue, src/web/words.def, so that they can be translated. {} stands
 * for a value.
 */
#ifndef WEB_WORDS_H
#define WEB_WORDS_H

enum word {
#define WORD(name, text) W_##name,
#include "web/words.def"
#undef WORD
    WORD_COUNT
};

/* The language of the catalogue, and the direction in which it is written. */
#define WORDS_LANGUAGE "en"
#define WORDS_DIRECTION "ltr"

/* The text; lives as long as the program. */
const char *word(enum word w);

#endif
