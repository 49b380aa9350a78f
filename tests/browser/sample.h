/* SPDX-License-Identifier: Apache-2.0 */
/* Histories of made-up replays through event source rules, added to a tally. */
#pragma once

#include "report/tally.h"

/* Messages of a queue: filtered, retried, split, given up; hostile names and answers. */
int sample_messages(struct tally *t, struct err *err) ATTR_CHECK;

/* A round that fails, and the smallest history of it. */
int sample_chaos(struct tally *t, struct err *err) ATTR_CHECK;

/* Rounds of which none fails. */
int sample_passed(struct tally *t, struct err *err) ATTR_CHECK;

/* More than are kept, over more than a day. */
int sample_crowd(struct tally *t, struct err *err) ATTR_CHECK;
