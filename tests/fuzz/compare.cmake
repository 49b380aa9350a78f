# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(compare LINK compare SEEDS corpus/compare ARGS -max_len=800 -dict=json.dict)
