"""Every table of the ledger; docs/schema.md is the canonical description."""

from shared.models.arrivals import Catalog as Catalog
from shared.models.arrivals import File as File
from shared.models.arrivals import Filing as Filing
from shared.models.arrivals import Job as Job
from shared.models.arrivals import JobAsset as JobAsset
from shared.models.arrivals import JobFile as JobFile
from shared.models.arrivals import Root as Root
from shared.models.arrivals import Source as Source
from shared.models.assets import AssetCopy as AssetCopy
from shared.models.assets import AssetDate as AssetDate
from shared.models.assets import AssetLink as AssetLink
from shared.models.assets import AssetLocation as AssetLocation
from shared.models.assets import AssetPlace as AssetPlace
from shared.models.assets import AssetRendition as AssetRendition
from shared.models.assets import AssetStage as AssetStage
from shared.models.assets import BackupTarget as BackupTarget
from shared.models.assets import MediaAsset as MediaAsset
from shared.models.assets import OwedRecord as OwedRecord
from shared.models.base import Base as Base
from shared.models.log import DeadLetter as DeadLetter
from shared.models.log import EventCursor as EventCursor
from shared.models.log import EventLog as EventLog
from shared.models.log import Ledger as Ledger
from shared.models.log import RelayPosition as RelayPosition
from shared.models.log import SystemStatus as SystemStatus
from shared.models.log import SystemStatusHistory as SystemStatusHistory
