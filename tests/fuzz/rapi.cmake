# SPDX-License-Identifier: Apache-2.0
target_compile_options(rapi PRIVATE -fsanitize=fuzzer-no-link)
target_link_options(rapi INTERFACE -fsanitize=fuzzer-no-link)
clambda_fuzzer(http LINK rapi SEEDS corpus/http ARGS -max_len=2048 -dict=http.dict)
clambda_fuzzer(event LINK rapi ARGS -max_len=2048 -dict=http.dict)
