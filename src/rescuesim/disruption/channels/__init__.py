"""Channels: what carries calls and orders when the public network is out, and what that hangs on (R51, R52)."""

from __future__ import annotations

from rescuesim.disruption.channels.cascade import cascade as cascade
from rescuesim.disruption.channels.cascade import cascade_in as cascade_in
from rescuesim.disruption.channels.channel import Channel as Channel
from rescuesim.disruption.channels.channel import default_channels as default_channels
from rescuesim.disruption.channels.communication import BaseStation as BaseStation
from rescuesim.disruption.channels.communication import CommunicationNetwork as CommunicationNetwork
from rescuesim.disruption.channels.communication import Fibre as Fibre
from rescuesim.disruption.channels.communication import FibreRoad as FibreRoad
from rescuesim.disruption.channels.contact import Contact as Contact
from rescuesim.disruption.channels.contact import FirstContact as FirstContact
from rescuesim.disruption.channels.contact import channel_outages as channel_outages
from rescuesim.disruption.channels.contact import contact as contact
from rescuesim.disruption.channels.contact import reconnaissance as reconnaissance
from rescuesim.disruption.channels.contact import silent_sites as silent_sites
from rescuesim.disruption.channels.prepared import CascadeCounty as CascadeCounty
from rescuesim.disruption.channels.prepared import prepare_cascade as prepare_cascade
