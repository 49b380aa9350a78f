/* SPDX-License-Identifier: Apache-2.0 */
/* deploy.so: what needs libarchive and libelf. The members are the functions of check.h and
 * package.h. */
#pragma once

#include "deploy/check.h"
#include "deploy/package.h"
#include "pack/load.h"

#define DEPLOY_MODULE_ABI 3

struct deploy_module {
    struct load_head head;
    const struct check_rule *(*check_rules)(size_t *out_count);
    struct check_report *(*check_run)(const struct check_request *request, struct err *err);
    void (*check_free)(struct check_report *report);
    int (*identify)(const char *path, struct package_identity *out, struct err *err);
    int (*write_zip)(const char *path, const struct package_file *files, size_t nfiles,
                     struct package_size *out, struct err *err);
    int (*write_image)(const struct package_image *image, struct package_size *out,
                       struct err *err);
};

/* The module, loaded with the first call and kept. NULL with ERR_HOST. */
const struct deploy_module *deploy_load(struct err *err) ATTR_CHECK;

/* What the object exports. */
const struct load_head *deploy_module(void);
