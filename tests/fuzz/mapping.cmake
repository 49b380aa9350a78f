# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(records LINK mapping SEEDS corpus/records ../fixtures/events ARGS -max_len=3000 -dict=json.dict)
clambda_fuzzer(answer LINK mapping SEEDS corpus/answer ARGS -max_len=600 -dict=json.dict)
clambda_fuzzer(source LINK mapping SEEDS corpus/source ARGS -max_len=600 -dict=source.dict)
