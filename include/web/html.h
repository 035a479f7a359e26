/*
 * Writing HTML. Whatever comes from outside the program goes through these functions: they leave no
 * character that means something, replace what is no UTF-8 and drop control characters.
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "base/buf.h"
#include "web/words.h"

/* `text` as the content of an element, or within the quotes of an attribute. NULL writes nothing.
 */
void html_text(struct buf *b, const char *text);
void html_attr(struct buf *b, const char *text);

/* `text` as the value of a query's parameter in an attribute. */
void html_query(struct buf *b, const char *text);

/* A name or a title in whatever direction it is written: <bdi>...</bdi>. */
void html_name(struct buf *b, const char *text);

/* The same of what may begin small, such as what is wrong with a value: it begins like a sentence.
 */
void html_sentence(struct buf *b, const char *text);

/* A sentence of the catalogue, each {} in it replaced by the next of `values` as a text; what they
 * lack is left out. */
void html_words(struct buf *b, enum word w, ...) __attribute__((sentinel));

/* Words of the catalogue that want no values. */
void html_word(struct buf *b, enum word w);

#endif
