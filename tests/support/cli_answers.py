"""What three makes of switch say to our questions; written by hand after the vendors' manuals.

The devices are invented; only the layout is the vendors'.
"""

from __future__ import annotations

HUAWEI = {
    "display version": """\
Huawei Versatile Routing Platform Software
VRP (R) software, Version 5.170 (S5731 V200R019C10SPC500)
Copyright (C) 2000-2020 HUAWEI TECH Co., Ltd.
HUAWEI S5731-H24T4XC uptime is 3 weeks, 2 days, 4 hours, 5 minutes

ES5D21X04T00 0(Master)  : uptime is 1 week, 2 days, 3 hours, 4 minutes
DDR             Memory Size : 4096  M bytes
""",
    "display interface brief": """\
PHY: Physical
*down: administratively down
^down: standby
(l): loopback
(s): spoofing
(b): BFD down
(e): ETHOAM down
(v): VirtualPort
InUti/OutUti: input utility/output utility
Interface                   PHY   Protocol  InUti OutUti   inErrors  outErrors
GigabitEthernet0/0/1        up    up        0.01%  0.02%          0          0
GigabitEthernet0/0/2        down  down         0%     0%          0          0
GigabitEthernet0/0/3        *down down         0%     0%          3          0
GigabitEthernet0/0/4        ^down down         0%     0%          0          0
GigabitEthernet0/0/5(v)     up    down         0%     0%          0          0
LoopBack0                   up    up(s)        0%     0%          0          0
XGigabitEthernet0/0/1       up    up           1%     2%          0          0
""",
}
HUAWEI_STATES = {
    "GigabitEthernet0/0/1": "up",
    "GigabitEthernet0/0/2": "down",
    "GigabitEthernet0/0/3": "down",
    "GigabitEthernet0/0/4": "dormant",
    "GigabitEthernet0/0/5": "up",
    "LoopBack0": "up",
    "XGigabitEthernet0/0/1": "up",
}

H3C = {
    "display version": """\
H3C Comware Software, Version 7.1.070, Release 6326P02
Copyright (c) 2004-2021 New H3C Technologies Co., Ltd. All rights reserved.
H3C S5130S-28S-EI uptime is 0 weeks, 1 day, 0 hours, 2 minutes
Last reboot reason : User reboot

Boot image: flash:/s5130s_ei-cmw710-boot-r6326p02.bin
Boot image version: 7.1.070, Release 6326P02
""",
    "display interface brief": """\
Brief information on interfaces in route mode:
Link: ADM - administratively down; Stby - standby
Protocol: (s) - spoofing
Interface            Link Protocol Primary IP      Description
InLoop0              UP   UP(s)    --
MGE0/0/0             DOWN DOWN     --
Vlan1                UP   UP       10.1.2.3        management

Brief information on interfaces in bridge mode:
Link: ADM - administratively down; Stby - standby
Speed: (a) - auto
Duplex: (a)/A - auto; H - half; F - full
Type: A - access; T - trunk; H - hybrid
Interface            Link Speed     Duplex Type PVID Description
BAGG1                UP   2G(a)     F(a)   T    1
GE1/0/1              UP   1G(a)     F(a)   A    10   to the library
GE1/0/2              DOWN auto      A      A    1
GE1/0/3              ADM  auto      A      A    1
XGE1/0/25            Stby auto      A      T    1
""",
}
H3C_STATES = {
    "InLoopBack0": "up",
    "M-GigabitEthernet0/0/0": "down",
    "Vlan-interface1": "up",
    "Bridge-Aggregation1": "up",
    "GigabitEthernet1/0/1": "up",
    "GigabitEthernet1/0/2": "down",
    "GigabitEthernet1/0/3": "down",
    "Ten-GigabitEthernet1/0/25": "dormant",
}

RUIJIE = {
    "show version": """\
System description      : Ruijie Gigabit Access Switch(S2910-24GT4XS-E) By Ruijie Networks
System start time       : 2026-09-01 07:00:00
System uptime           : 12:03:04:05
System hardware version : 1.20
System software version : S29_RGOS 11.4(1)B42P35
System patch number     : NA
System serial number    : G1XX0000000A1
""",
    "show interface status": """\
Interface                        Status    Vlan   Duplex   Speed     Type
-------------------------------- --------  ----   -------  --------- ------
GigabitEthernet 0/1              up        10     Full     1000M     copper
GigabitEthernet 0/2              down      1      Unknown  Unknown   copper
GigabitEthernet 0/3              disabled  1      Unknown  Unknown   copper
TenGigabitEthernet 0/25          up        trunk  Full     10G       fiber
AggregatePort 1                  down      1      Unknown  Unknown   copper
""",
}
RUIJIE_STATES = {
    "GigabitEthernet 0/1": "up",
    "GigabitEthernet 0/2": "down",
    "GigabitEthernet 0/3": "down",
    "TenGigabitEthernet 0/25": "up",
    "AggregatePort 1": "down",
}
