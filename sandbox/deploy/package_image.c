/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/package.h"

#include "deploy/image_layer.h"
#include "deploy/image_root.h"
#include "pack/interrupt.h"

static int gather(struct image_tree *tree, const struct package_image *image, struct err *err)
{
    for (size_t i = 0; i < image->nfiles; i++) {
        const struct package_file *f = &image->files[i];
        if (image_tree_file(tree, f->name, f->source, f->executable, err))
            return -1;
    }
    if (!image->base && image_root_add(tree, image, err))
        return -1;
    return image_tree_end(tree, err);
}

static int write_blobs(const struct oci_layout *layout, const struct package_image *image,
                       const struct image_tree *tree, const struct oci_base *base,
                       struct oci_blob *out_manifest, struct package_size *out, struct err *err)
{
    struct oci_top top;
    for (size_t i = 0; base && i < base->nlayers; i++)
        if (oci_layout_copy(layout, &base->layout, &base->layers[i].blob, err))
            return -1;
    if (image_layer_write(layout, tree, &top, &out->bytes, err))
        return -1;
    return oci_config_write(layout, image, base, &top, out_manifest, &out->zip_bytes, err);
}

static int write_image(const struct package_image *image, const struct image_tree *tree,
                       const struct oci_base *base, struct package_size *out, struct err *err)
{
    struct oci_layout layout;
    struct oci_blob manifest;
    struct package_size size = {0};
    if (oci_layout_make(&layout, image->dir, err))
        return -1;
    int done = write_blobs(&layout, image, tree, base, &manifest, &size, err);
    if (!done)
        done = interrupt_check(err);
    if (!done)
        done = oci_config_tag(&layout, image->tag, image->arch, &manifest, err);
    if (done)
        oci_layout_undo(&layout);
    oci_layout_close(&layout);
    if (!done)
        *out = size;
    return done;
}

/* Everything that is read is looked at before anything is written. */
int package_write_image(const struct package_image *image, struct package_size *out,
                        struct err *err)
{
    struct image_tree tree = {0};
    struct oci_base *base = NULL;
    int done = oci_tag_check(image->tag, err);
    if (!done && image->base) {
        base = calloc(1, sizeof *base);
        done = base ? oci_base_open(base, image->base, image->arch, err)
                    : err_set(err, ERR_MEMORY, "no memory to read '%.200s'", image->base);
    }
    if (!done)
        done = gather(&tree, image, err);
    if (!done)
        done = write_image(image, &tree, base, out, err);
    image_tree_free(&tree);
    if (base)
        oci_base_close(base);
    free(base);
    return done;
}
