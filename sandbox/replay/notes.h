/* SPDX-License-Identifier: Apache-2.0 */
/* What is told on stderr before and after records go through the rules: what was read from the
 * trace and what is a choice of ours, what AWS does not document or needs more for, and batches
 * that are not as they were recorded. */
#pragma once

#include "simulate/history.h"

struct replay;

/* The settings as --source takes them, in the scene's spec: as given, with what is found or follows
 * beside it. */
void replay_notes_spec(struct replay *r);

/* Behind replay_notes_spec: about the trace and its settings. */
void replay_notes_tell(const struct replay *r);

/* After a run without faults: that no batch is as large as the recorded ones were, if so. */
void replay_notes_batches(struct replay *r, const struct history *h);
