# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(pattern LINK pattern SEEDS corpus/pattern ARGS -max_len=1000 -dict=pattern.dict)
