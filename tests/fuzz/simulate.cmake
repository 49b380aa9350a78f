# SPDX-License-Identifier: Apache-2.0
target_compile_options(simulate PRIVATE -fsanitize=fuzzer-no-link)
target_link_options(simulate INTERFACE -fsanitize=fuzzer-no-link)
clambda_fuzzer(chaos LINK simulate ARGS -max_len=300 -dict=chaos.dict)
clambda_fuzzer(history LINK simulate SEEDS corpus/history ARGS -max_len=2000 -dict=history.dict)
