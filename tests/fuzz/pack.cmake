# SPDX-License-Identifier: Apache-2.0
if(FUZZ)
    clambda_fuzzer(zip LINK pack_zip pack ARGS -max_len=4096)
    add_custom_command(TARGET fuzz_zip POST_BUILD VERBATIM
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/zip_seeds.py
            ${CMAKE_BINARY_DIR}/fuzz/zip)
endif()
