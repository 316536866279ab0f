// SPDX-License-Identifier: MIT
module example.com/greet

go 1.18
