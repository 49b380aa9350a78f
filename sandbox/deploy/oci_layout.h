/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout on disk: a folder with oci-layout, index.json and blobs/sha256. No link in it
 * is followed; a blob is taken for what its name says only after its bytes were summed up.
 * A new blob is written beside the others and renamed, the index last, so that a killed writer
 * leaves what was there before, and one file OCI_LAYOUT_NEW that the next writer removes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "deploy/oci.h"

#define OCI_LAYOUT_NEW ".clambda-new"

struct oci_layout {
    const char *path; /* the caller's */
    int dir, blobs;   /* the folder, its blobs/sha256 */
    bool made;        /* oci_layout_make: the folder was not there */
    bool begun;       /* or nothing was in it */
};

#define OCI_LAYOUT_NONE        \
    {                          \
        .dir = -1, .blobs = -1 \
    }

/* For reading. -1 with ERR_INPUT: it is no layout. */
int oci_layout_open(struct oci_layout *out, const char *path, struct err *err) ATTR_CHECK;

/* For writing: made where there is nothing or an empty folder. Waits for another writer. -1 with
 * ERR_INPUT: there is something else, or it cannot be written to. */
int oci_layout_make(struct oci_layout *out, const char *path, struct err *err) ATTR_CHECK;

/* Before oci_layout_close, when no image came of it: removes a layout that oci_layout_make has
 * begun. One that was there stays. */
void oci_layout_undo(const struct oci_layout *layout);

void oci_layout_close(struct oci_layout *layout);

/* index.json; an empty index when there is none yet. json_free it. */
struct json *oci_layout_index(const struct oci_layout *layout, struct err *err) ATTR_CHECK;

/* The blob as a JSON document. json_free it. */
struct json *oci_layout_read(const struct oci_layout *layout, const struct oci_blob *blob,
                             struct err *err) ATTR_CHECK;

/* Makes sure that to has the blob. */
int oci_layout_copy(const struct oci_layout *to, const struct oci_layout *from,
                    const struct oci_blob *blob, struct err *err) ATTR_CHECK;

/* A blob from memory. */
int oci_layout_put(const struct oci_layout *layout, const void *bytes, size_t len,
                   struct oci_blob *out, struct err *err) ATTR_CHECK;

/* Replaces index.json. */
int oci_layout_replace_index(const struct oci_layout *layout, const void *bytes, size_t len,
                             struct err *err) ATTR_CHECK;

/* A blob from a stream; one at a time. */
struct oci_writer {
    const struct oci_layout *layout;
    int fd;
    struct sha256 sum;
    uint64_t size;
};

int oci_writer_open(struct oci_writer *out, const struct oci_layout *layout,
                    struct err *err) ATTR_CHECK;
int oci_writer_add(struct oci_writer *w, const void *bytes, size_t len, struct err *err) ATTR_CHECK;
/* Gives the blob its name. */
int oci_writer_end(struct oci_writer *w, struct oci_blob *out, struct err *err) ATTR_CHECK;
/* Removes what was not ended. */
void oci_writer_close(struct oci_writer *w);
