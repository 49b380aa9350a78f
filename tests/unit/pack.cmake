# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(sha256 LINK base)
clambda_unit_test(unzip LINK pack_zip)
clambda_unit_test(pack LINK pack)
clambda_unit_test(scratch LINK pack)
