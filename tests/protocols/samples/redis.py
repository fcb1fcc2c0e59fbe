"""Written by `python -m tests.protocols.samples.make redis` with Redis server v=7.0.15, redis-py 8.1.0."""

from __future__ import annotations

from reenact.model.segment import Side

C, S = Side.CLIENT, Side.SERVER

SAMPLES = {
    "redis-py, RESP2": [
        (C, b"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nsample\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$5\r\n8.1.0\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*1\r\n$8\r\nFLUSHALL\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\xff\x00\r\n\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
        (S, b"$4\r\n\xff\x00\r\n\r\n"),
        (C, b"*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n"),
        (S, b"$-1\r\n"),
        (C, b"*3\r\n$11\r\nINCRBYFLOAT\r\n$1\r\nf\r\n$3\r\n1.5\r\n"),
        (S, b"$3\r\n1.5\r\n"),
        (C, b"*6\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n"),
        (S, b":2\r\n"),
        (C, b"*2\r\n$7\r\nHGETALL\r\n$1\r\nh\r\n"),
        (S, b"*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n"),
        (C, b"*3\r\n$4\r\nSADD\r\n$1\r\ns\r\n$1\r\nx\r\n"),
        (S, b":1\r\n"),
        (C, b"*2\r\n$8\r\nSMEMBERS\r\n$1\r\ns\r\n"),
        (S, b"*1\r\n$1\r\nx\r\n"),
        (C, b"*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$3\r\n1.5\r\n$1\r\nm\r\n"),
        (S, b":1\r\n"),
        (C, b"*5\r\n$6\r\nZRANGE\r\n$1\r\nz\r\n$1\r\n0\r\n$2\r\n-1\r\n$10\r\nWITHSCORES\r\n"),
        (S, b"*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n"),
        (C, b"*3\r\n$6\r\nINCRBY\r\n$1\r\nk\r\n$1\r\n1\r\n"),
        (S, b"-ERR value is not an integer or out of range\r\n"),
        (
            C,
            b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nt\r\n$1\r\n1\r\n*3\r\n$6"
            b"\r\nINCRBY\r\n$1\r\nt\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n*"
            b"1\r\n$4\r\nEXEC\r\n",
        ),
        (S, b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n:2\r\n$-1\r\n"),
        (
            C,
            b"*2\r\n$3\r\nGET\r\n$1\r\nt\r\n*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0"
            b"\r\n$2\r\n-1\r\n",
        ),
        (S, b"$1\r\n2\r\n*0\r\n"),
        (
            C,
            b"*3\r\n$4\r\nEVAL\r\n$45\r\nreturn {1,{2,'x'},redis.status_reply('fin"
            b"e')}\r\n$1\r\n0\r\n",
        ),
        (S, b"*3\r\n:1\r\n*2\r\n:2\r\n$1\r\nx\r\n+fine\r\n"),
        (C, b"*3\r\n$5\r\nBLPOP\r\n$1\r\nl\r\n$4\r\n0.05\r\n"),
        (S, b"*-1\r\n"),
    ],
    "redis-py, RESP3": [
        (C, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
        (
            S,
            b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n"
            b"$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:5\r\n$4\r\nmode\r\n$10\r\nstandalone"
            b"\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
        ),
        (
            C,
            b"*5\r\n$6\r\nCLIENT\r\n$19\r\nMAINT_NOTIFICATIONS\r\n$2\r\nON\r\n$2"
            b"0\r\nmoving-endpoint-type\r\n$13\r\ninternal-fqdn\r\n",
        ),
        (S, b"-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n"),
        (C, b"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nsample\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$5\r\n8.1.0\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*1\r\n$8\r\nFLUSHALL\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\xff\x00\r\n\r\n"),
        (S, b"+OK\r\n"),
        (C, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
        (S, b"$4\r\n\xff\x00\r\n\r\n"),
        (C, b"*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n"),
        (S, b"_\r\n"),
        (C, b"*3\r\n$11\r\nINCRBYFLOAT\r\n$1\r\nf\r\n$3\r\n1.5\r\n"),
        (S, b"$3\r\n1.5\r\n"),
        (C, b"*6\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n"),
        (S, b":2\r\n"),
        (C, b"*2\r\n$7\r\nHGETALL\r\n$1\r\nh\r\n"),
        (S, b"%2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n"),
        (C, b"*3\r\n$4\r\nSADD\r\n$1\r\ns\r\n$1\r\nx\r\n"),
        (S, b":1\r\n"),
        (C, b"*2\r\n$8\r\nSMEMBERS\r\n$1\r\ns\r\n"),
        (S, b"~1\r\n$1\r\nx\r\n"),
        (C, b"*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$3\r\n1.5\r\n$1\r\nm\r\n"),
        (S, b":1\r\n"),
        (C, b"*5\r\n$6\r\nZRANGE\r\n$1\r\nz\r\n$1\r\n0\r\n$2\r\n-1\r\n$10\r\nWITHSCORES\r\n"),
        (S, b"*1\r\n*2\r\n$1\r\nm\r\n,1.5\r\n"),
        (C, b"*3\r\n$6\r\nINCRBY\r\n$1\r\nk\r\n$1\r\n1\r\n"),
        (S, b"-ERR value is not an integer or out of range\r\n"),
        (
            C,
            b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nt\r\n$1\r\n1\r\n*3\r\n$6"
            b"\r\nINCRBY\r\n$1\r\nt\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n*"
            b"1\r\n$4\r\nEXEC\r\n",
        ),
        (S, b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n:2\r\n_\r\n"),
        (
            C,
            b"*2\r\n$3\r\nGET\r\n$1\r\nt\r\n*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0"
            b"\r\n$2\r\n-1\r\n",
        ),
        (S, b"$1\r\n2\r\n*0\r\n"),
        (
            C,
            b"*3\r\n$4\r\nEVAL\r\n$45\r\nreturn {1,{2,'x'},redis.status_reply('fin"
            b"e')}\r\n$1\r\n0\r\n",
        ),
        (S, b"*3\r\n:1\r\n*2\r\n:2\r\n$1\r\nx\r\n+fine\r\n"),
        (C, b"*3\r\n$5\r\nBLPOP\r\n$1\r\nl\r\n$4\r\n0.05\r\n"),
        (S, b"_\r\n"),
    ],
    "redis-py, RESP2, subscriber": [
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$5\r\n8.1.0\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (
            C,
            b"*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$10"
            b"\r\nPSUBSCRIBE\r\n$3\r\nn.*\r\n",
        ),
        (
            S,
            b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsu"
            b"bscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$10\r\npsubscribe\r\n$3\r"
            b"\nn.*\r\n:3\r\n",
        ),
        (S, b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n"),
        (S, b"*4\r\n$8\r\npmessage\r\n$3\r\nn.*\r\n$3\r\nn.x\r\n$3\r\ntwo\r\n"),
        (C, b"*1\r\n$4\r\nPING\r\n"),
        (S, b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        (C, b"*1\r\n$11\r\nUNSUBSCRIBE\r\n*1\r\n$12\r\nPUNSUBSCRIBE\r\n"),
        (
            S,
            b"*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$11"
            b"\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$12\r\npunsubscr"
            b"ibe\r\n$3\r\nn.*\r\n:0\r\n",
        ),
    ],
    "redis-py, RESP3, subscriber": [
        (C, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
        (
            S,
            b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n"
            b"$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:9\r\n$"
            b"4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmast"
            b"er\r\n$7\r\nmodules\r\n*0\r\n",
        ),
        (
            C,
            b"*5\r\n$6\r\nCLIENT\r\n$19\r\nMAINT_NOTIFICATIONS\r\n$2"
            b"\r\nON\r\n$20\r\nmoving-endpoint-type\r\n$13\r\ninternal-f"
            b"qdn\r\n",
        ),
        (S, b"-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (C, b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$5\r\n8.1.0\r\n"),
        (S, b"-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"),
        (
            C,
            b"*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$10"
            b"\r\nPSUBSCRIBE\r\n$3\r\nn.*\r\n",
        ),
        (
            S,
            b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsu"
            b"bscribe\r\n$1\r\nb\r\n:2\r\n>3\r\n$10\r\npsubscribe\r\n$3\r"
            b"\nn.*\r\n:3\r\n",
        ),
        (S, b">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n"),
        (S, b">4\r\n$8\r\npmessage\r\n$3\r\nn.*\r\n$3\r\nn.x\r\n$3\r\ntwo\r\n"),
        (C, b"*1\r\n$4\r\nPING\r\n"),
        (S, b"+PONG\r\n"),
        (C, b"*1\r\n$11\r\nUNSUBSCRIBE\r\n*1\r\n$12\r\nPUNSUBSCRIBE\r\n"),
        (
            S,
            b">3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n>3\r\n$11"
            b"\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$12\r\npunsubscr"
            b"ibe\r\n$3\r\nn.*\r\n:0\r\n",
        ),
    ],
    "redis-cli": [
        (C, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
        (
            S,
            b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\n"
            b"proto\r\n:3\r\n$2\r\nid\r\n:12\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nr"
            b"ole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
        ),
        (C, b"*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$5\r\nfield\r\n$3\r\na b\r\n"),
        (S, b":1\r\n"),
        (C, b"*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$5\r\nfield\r\n$3\r\na b\r\n"),
        (S, b":0\r\n"),
    ],
    "inline": [
        (C, b"PING\r\n"),
        (S, b"+PONG\r\n"),
        (C, b'SET k "a b"\r\n'),
        (S, b"+OK\r\n"),
        (C, b"GET k\r\n"),
        (S, b"$3\r\na b\r\n"),
        (C, b"QUIT\r\n"),
        (S, b"+OK\r\n"),
    ],
}
