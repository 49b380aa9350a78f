/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's root file system. */
#pragma once

#include "jail/build.h"

/* Takes what comes from the host: /usr, libraries, certificates, the spec's binds and layers.
 * Either the caller does it, or, without the right to copy mounts, the child. */
int root_take_host(struct build *b, struct err *err) ATTR_CHECK;

/* Steps of the child, in this order. */
int root_keep_tmp_child(struct build *b, struct err *err) ATTR_CHECK; /* the holder's /tmp */
int root_take_child(struct build *b, struct err *err) ATTR_CHECK;
int root_start_child(struct build *b, struct err *err) ATTR_CHECK;   /* an empty root, mounted */
int root_trees_child(struct build *b, struct err *err) ATTR_CHECK;   /* what comes from the host */
int root_layers_child(struct build *b, struct err *err) ATTR_CHECK;  /* /opt */
int root_binds_child(struct build *b, struct err *err) ATTR_CHECK;   /* the spec's binds, /tmp */
int root_devices_child(struct build *b, struct err *err) ATTR_CHECK; /* /dev */
int root_proc_child(struct build *b, struct err *err) ATTR_CHECK;    /* /proc, masked */
int root_tmp_child(struct build *b, struct err *err) ATTR_CHECK;     /* waits for the host's /tmp */
int root_finish_child(struct build *b, struct err *err) ATTR_CHECK;  /* pivot_root, read-only */
