# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(trace LINK trace SEEDS corpus/trace ARGS -max_len=1500 -dict=trace.dict)
clambda_fuzzer(redact LINK trace SEEDS corpus/redact ARGS -max_len=1000 -dict=json.dict)
clambda_fuzzer(import LINK trace SEEDS ../fixtures/traces ARGS -max_len=3500 -dict=import.dict)
