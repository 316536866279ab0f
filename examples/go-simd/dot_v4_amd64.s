// SPDX-License-Identifier: MIT

//go:build amd64.v4

#include "textflag.h"

// func dot(a, b *embedding) int32
TEXT ·dot(SB), NOSPLIT, $0-20
	MOVQ   a+0(FP), SI
	MOVQ   b+8(FP), DI
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	MOVQ   $384, CX

	// as in dot_v3_amd64.s, 64 products at a time
loop:
	VPMOVSXBW (SI), Z2
	VPMOVSXBW (DI), Z3
	VPMOVSXBW 32(SI), Z4
	VPMOVSXBW 32(DI), Z5
	VPMADDWD  Z2, Z3, Z2
	VPMADDWD  Z4, Z5, Z4
	VPADDD    Z2, Z0, Z0
	VPADDD    Z4, Z1, Z1
	ADDQ      $64, SI
	ADDQ      $64, DI
	SUBQ      $64, CX
	JNE       loop

	VPADDD        Z1, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDD        X1, X0, X0
	VPSHUFD       $0x4e, X0, X1
	VPADDD        X1, X0, X0
	VPSHUFD       $0xb1, X0, X1
	VPADDD        X1, X0, X0
	VMOVD         X0, AX
	VZEROUPPER
	MOVL          AX, ret+16(FP)
	RET
