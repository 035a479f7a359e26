/*
 * The files of assets/, embedded byte for byte. Their paths carry a fingerprint of their content,
 * so that browsers may keep them for ever and still get a new one at once.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "web/pages.h"

#define EMBED(symbol, path)                                                                        \
    extern const char symbol[], symbol##_end[];                                                    \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"" path "\"\n" #symbol                       \
            "_end:\n.byte 0\n.previous\n")

EMBED(asset_page_css, "src/web/assets/page.css");
EMBED(asset_live_js, "src/web/assets/live.js");
EMBED(asset_editor_js, "src/web/assets/editor.js");
EMBED(asset_rule_js, "src/web/assets/rule.js");
EMBED(asset_icon_svg, "src/web/assets/icon.svg");

#define PATH_MAX_BYTES 64
#define PREFIX "/assets/"

static struct asset {
    const char *name, *type, *begin, *end;
    char path[PATH_MAX_BYTES]; /* by assets_begin */
} assets[] = {
    {"page.css", "text/css; charset=utf-8", asset_page_css, asset_page_css_end, ""},
    {"live.js", "text/javascript; charset=utf-8", asset_live_js, asset_live_js_end, ""},
    {"editor.js", "text/javascript; charset=utf-8", asset_editor_js, asset_editor_js_end, ""},
    {"rule.js", "text/javascript; charset=utf-8", asset_rule_js, asset_rule_js_end, ""},
    {"icon.svg", "image/svg+xml", asset_icon_svg, asset_icon_svg_end, ""},
};
#define ASSETS (sizeof(assets) / sizeof(assets[0]))

static struct asset *find(const char *name)
{
    for (size_t i = 0; i < ASSETS; i++)
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    return NULL;
}

void assets_begin(void)
{
    for (size_t i = 0; i < ASSETS; i++) {
        struct asset *a = &assets[i];
        uint64_t hash = str_hash(a->begin, (size_t)(a->end - a->begin), 0);
        snprintf(a->path, sizeof(a->path), PREFIX "%s?v=%016llx", a->name,
                 (unsigned long long)hash);
    }
}

const char *asset_path(const char *name)
{
    const struct asset *a = find(name);

    return a != NULL ? a->path : NULL;
}

int asset_page(struct visit *v)
{
    const struct asset *a = find(v->request->path + strlen(PREFIX));
    const char *version = fields_get(&v->request->query, "v");

    if (a == NULL)
        return ERR_NOTFOUND;
    v->response->type = a->type;
    v->response->fixed = a->begin;
    v->response->fixed_len = (size_t)(a->end - a->begin);
    v->response->keep = version != NULL && str_ends(a->path, version);
    return 0;
}
