/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/elf_view.h"

enum { INDEX_MASK = 0x7fff, LABELS_MAX = INDEX_MASK + 1 };

/* One walk through both tables: the first only counts, the second fills. */
struct walk {
    const struct elf_view *v;
    const struct elf_range *strings;
    struct elf_version *versions;
    const char **provides;
    struct elf_label *labels;
    size_t nversions, nprovides, nlabels;
};

static int add_label(struct walk *w, size_t index, const struct elf_label *label)
{
    index &= INDEX_MASK;
    if (w->labels)
        w->labels[index] = *label;
    if (index >= w->nlabels)
        w->nlabels = index + 1;
    return 0;
}

static int add_wanted(struct walk *w, const char *library, const GElf_Vernaux *aux, struct err *err)
{
    const char *name = elf_view_text(w->v, w->strings, aux->vna_name, err);
    if (!name)
        return -1;
    if (w->nversions >= ELF_NAMES_MAX)
        return err_set(err, ERR_LIMIT, "wants more than %d versions", ELF_NAMES_MAX);
    struct elf_version *version = w->versions ? &w->versions[w->nversions] : NULL;
    if (version)
        *version = (struct elf_version){
            .library = library, .name = name, .symbol = "", .weak = aux->vna_flags & VER_FLG_WEAK};
    w->nversions++;
    return add_label(w, aux->vna_other,
                     &(struct elf_label){.name = name, .library = library, .version = version});
}

/* Every step goes forward or is the last: no chain has an end of its own that could be believed. */
static int walk_wanted(struct walk *w, Elf_Data *data, uint64_t count, struct err *err)
{
    GElf_Verneed need;
    uint64_t at = 0;
    for (uint64_t i = 0; i < count; i++, at += need.vn_next) {
        if (at > data->d_size || !gelf_getverneed(data, (int)at, &need))
            return err_set(err, ERR_INPUT, "is damaged: its table of wanted versions");
        const char *library = elf_view_text(w->v, w->strings, need.vn_file, err);
        if (!library)
            return -1;
        GElf_Vernaux aux;
        uint64_t aux_at = at + need.vn_aux;
        for (unsigned j = 0; j < need.vn_cnt; j++, aux_at += aux.vna_next) {
            if (aux_at > data->d_size || !gelf_getvernaux(data, (int)aux_at, &aux))
                return err_set(err, ERR_INPUT, "is damaged: its table of wanted versions");
            if (add_wanted(w, library, &aux, err))
                return -1;
            if (!aux.vna_next)
                break;
        }
        if (!need.vn_next)
            break;
    }
    return 0;
}

static int walk_given(struct walk *w, Elf_Data *data, uint64_t count, struct err *err)
{
    GElf_Verdef given;
    GElf_Verdaux aux;
    uint64_t at = 0;
    for (uint64_t i = 0; i < count; i++, at += given.vd_next) {
        if (at > data->d_size || !gelf_getverdef(data, (int)at, &given) ||
            at + given.vd_aux > data->d_size ||
            !gelf_getverdaux(data, (int)(at + given.vd_aux), &aux))
            return err_set(err, ERR_INPUT, "is damaged: its table of versions");
        const char *name = elf_view_text(w->v, w->strings, aux.vda_name, err);
        if (!name)
            return -1;
        if (w->nprovides >= ELF_NAMES_MAX)
            return err_set(err, ERR_LIMIT, "has more than %d versions", ELF_NAMES_MAX);
        if (!(given.vd_flags & VER_FLG_BASE)) { /* which is the file's own name */
            if (w->provides)
                w->provides[w->nprovides] = name;
            w->nprovides++;
            add_label(w, given.vd_ndx, &(struct elf_label){.name = name, .library = ""});
        }
        if (!given.vd_next)
            break;
    }
    return 0;
}

static int walk_both(struct walk *w, Elf_Data *wanted, Elf_Data *given, const struct elf_tables *t,
                     struct err *err)
{
    w->nversions = w->nprovides = 0;
    if (wanted && walk_wanted(w, wanted, t->nwanted, err))
        return -1;
    return given ? walk_given(w, given, t->ngiven, err) : 0;
}

static int find_table(const struct elf_view *v, uint64_t address, uint64_t count, Elf_Type type,
                      const char *what, Elf_Data **out, struct err *err)
{
    struct elf_range r = {0};
    if (!address || !count)
        return 0;
    if (!elf_view_find(v, address, &r))
        return err_set(err, ERR_INPUT, "is damaged: %s out of place", what);
    *out = elf_view_data(v, &r, type, what, err);
    return *out ? 0 : -1;
}

int elf_versions_read(const struct elf_view *v, const struct elf_tables *t,
                      const struct elf_range *strings, struct elf_file *file,
                      struct elf_label **out_labels, size_t *out_count, struct err *err)
{
    Elf_Data *wanted = NULL, *given = NULL;
    struct walk w = {.v = v, .strings = strings};
    if (find_table(v, t->wanted, t->nwanted, ELF_T_VNEED, "its table of wanted versions", &wanted,
                   err) ||
        find_table(v, t->given, t->ngiven, ELF_T_VDEF, "its table of versions", &given, err) ||
        walk_both(&w, wanted, given, t, err))
        return -1;
    struct elf_version *versions = elf_view_alloc(v, w.nversions, sizeof *versions, err);
    const char **provides = elf_view_alloc(v, w.nprovides, sizeof *provides, err);
    struct elf_label *labels = elf_view_alloc(v, w.nlabels, sizeof *labels, err);
    if (!versions || !provides || !labels)
        return -1;
    w.versions = versions;
    w.provides = provides;
    w.labels = labels;
    if (walk_both(&w, wanted, given, t, err))
        return -1;
    file->versions = versions;
    file->nversions = w.nversions;
    file->provides = provides;
    file->nprovides = w.nprovides;
    *out_labels = labels;
    *out_count = w.nlabels;
    return 0;
}
