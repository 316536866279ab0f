// SPDX-License-Identifier: MIT
module example.com/wordcount

go 1.18
