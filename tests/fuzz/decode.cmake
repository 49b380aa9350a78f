# SPDX-License-Identifier: Apache-2.0
set(events ${CMAKE_SOURCE_DIR}/tests/fixtures/events)
clambda_fuzzer(base64 LINK base SEEDS corpus/base64 ARGS -max_len=600)
clambda_fuzzer(scan LINK base SEEDS corpus/scan corpus/decode ${events}
    ARGS -max_len=2000 -dict=json.dict)
clambda_fuzzer(match LINK decode SEEDS corpus/match ARGS -max_len=600 -dict=json.dict)
clambda_fuzzer(decode LINK decode_oracle SOURCES ../unit/engine_portable.c
    SEEDS corpus/decode ${events} ARGS -max_len=4000 -dict=json.dict)
