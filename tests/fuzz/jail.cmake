# SPDX-License-Identifier: Apache-2.0
set(jail ../../sandbox/jail)
clambda_fuzzer(policy LINK base PkgConfig::seccomp
    SOURCES ${jail}/policy.c ${jail}/assemble.c ../unit/policy_model.c ../unit/bpf_machine.c
    SEEDS corpus/policy ARGS -max_len=1500 -dict=policy.dict)
target_include_directories(fuzz_policy PRIVATE ${CMAKE_SOURCE_DIR}/sandbox)
