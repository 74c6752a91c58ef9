"""Names of the raw tags, in the style of ExifTool: group, colon, tag.

Readers store what a file says under these names, uninterpreted; the dating rules read them. Forms:

- text is text, trailing NUL and blanks removed, else as it stands in the file, even if nonsense;
- a rational is a float, None where it has no value (x/0, NaN);
- a position or time of day of EXIF is a list of three such floats (degrees, minutes, seconds);
- other numbers are int or float; bytes are text only where the tag is text, else left out;
- a tag the file does not hold is absent.

Further tags may be stored under names of the same style (they are shown, not judged).
"""

from __future__ import annotations

from typing import Final

# EXIF (also of TIFF-based RAW, PNG eXIf, WebP, HEIC, AVIF): "2019:07:14 10:00:00", no offset.
EXIF_DATE_TIME_ORIGINAL: Final = "EXIF:DateTimeOriginal"  # 0x9003, in IFD0 or ExifIFD
EXIF_CREATE_DATE: Final = "EXIF:CreateDate"  # 0x9004, DateTimeDigitized
EXIF_MODIFY_DATE: Final = "EXIF:ModifyDate"  # 0x0132 of IFD0, DateTime
EXIF_SUB_SEC_TIME_ORIGINAL: Final = "EXIF:SubSecTimeOriginal"  # digits after the point, as text
EXIF_SUB_SEC_TIME_DIGITIZED: Final = "EXIF:SubSecTimeDigitized"
EXIF_SUB_SEC_TIME: Final = "EXIF:SubSecTime"
EXIF_OFFSET_TIME_ORIGINAL: Final = "EXIF:OffsetTimeOriginal"  # "+02:00"
EXIF_OFFSET_TIME_DIGITIZED: Final = "EXIF:OffsetTimeDigitized"
EXIF_OFFSET_TIME: Final = "EXIF:OffsetTime"
EXIF_GPS_DATE_STAMP: Final = "EXIF:GPSDateStamp"  # "2017:06:15", UTC
EXIF_GPS_TIME_STAMP: Final = "EXIF:GPSTimeStamp"  # [12.0, 34.0, 56.0], UTC
EXIF_GPS_LATITUDE: Final = "EXIF:GPSLatitude"  # [33.0, 51.0, 20.5]
EXIF_GPS_LATITUDE_REF: Final = "EXIF:GPSLatitudeRef"  # "N" or "S"
EXIF_GPS_LONGITUDE: Final = "EXIF:GPSLongitude"
EXIF_GPS_LONGITUDE_REF: Final = "EXIF:GPSLongitudeRef"  # "E" or "W"
EXIF_GPS_ALTITUDE: Final = "EXIF:GPSAltitude"  # metres
EXIF_GPS_ALTITUDE_REF: Final = "EXIF:GPSAltitudeRef"  # 1 = below the sea
EXIF_MAKE: Final = "EXIF:Make"
EXIF_MODEL: Final = "EXIF:Model"
EXIF_ORIENTATION: Final = "EXIF:Orientation"
EXIF_TIME_ZONE_OFFSET: Final = "EXIF:TimeZoneOffset"  # 0x882a, hours

# Maker formats without EXIF (CRW, X3F, MRW, FLIR): the one date they hold, in EXIF's form.
MAKER_DATE_TIME_ORIGINAL: Final = "MakerNotes:DateTimeOriginal"
MAKER_DATE_TIME_UTC: Final = "MakerNotes:DateTimeUTC"
MAKER_CONTENT_IDENTIFIER: Final = "MakerNotes:ContentIdentifier"  # Apple 0x0011

# MP4, MOV, 3GP, CR3: ISO 8601 in UTC ("2022-12-31T23:30:00Z"); a zero date (1904) is absent.
QUICKTIME_CREATE_DATE: Final = "QuickTime:CreateDate"
QUICKTIME_MEDIA_CREATE_DATE: Final = "QuickTime:MediaCreateDate"
QUICKTIME_CONTENT_CREATE_DATE: Final = "QuickTime:ContentCreateDate"  # local time, any ISO form
# Apple's and others' text keys: local time with its offset ("2020-04-17T10:03:47-0600").
KEYS_CREATION_DATE: Final = "Keys:CreationDate"  # com.apple.quicktime.creationdate
KEYS_GPS_COORDINATES: Final = "Keys:GPSCoordinates"  # ISO 6709, "+27.1281+100.2508+000.000/"
KEYS_MAKE: Final = "Keys:Make"
KEYS_MODEL: Final = "Keys:Model"
KEYS_CONTENT_IDENTIFIER: Final = "Keys:ContentIdentifier"
RIFF_DATE_TIME_ORIGINAL: Final = "RIFF:DateTimeOriginal"  # IDIT of AVI, local time
VIDEO_CREATE_DATE: Final = "Video:CreateDate"  # other containers (Matroska, WMV), as QuickTime's
VIDEO_HANDLER: Final = "Video:Handler"  # the picture track's, e.g. "GoPro AVC"
VIDEO_DURATION: Final = "Video:Duration"  # seconds
H264_DATE_TIME_ORIGINAL: Final = "H264:DateTimeOriginal"  # MTS, local time, offset if given

# XMP: ISO 8601, offset if given, time and seconds optional.
XMP_DATE_TIME_ORIGINAL: Final = "XMP:DateTimeOriginal"  # exif:
XMP_DATE_CREATED: Final = "XMP:DateCreated"  # photoshop:
XMP_CREATE_DATE: Final = "XMP:CreateDate"  # xmp:
XMP_DATE_TIME_DIGITIZED: Final = "XMP:DateTimeDigitized"  # exif:
XMP_MODIFY_DATE: Final = "XMP:ModifyDate"  # xmp:
XMP_GPS_DATE_TIME: Final = "XMP:GPSDateTime"  # exif:GPSTimeStamp, UTC
XMP_GPS_LATITUDE: Final = "XMP:GPSLatitude"  # exif:, "33,51.3419S" or "33,51,20.5S"
XMP_GPS_LONGITUDE: Final = "XMP:GPSLongitude"
XMP_GPS_ALTITUDE: Final = "XMP:GPSAltitude"  # "8/1" or a number
XMP_GPS_ALTITUDE_REF: Final = "XMP:GPSAltitudeRef"
XMP_MAKE: Final = "XMP:Make"  # tiff:
XMP_MODEL: Final = "XMP:Model"

# IPTC-IIM 2:55, 2:60, 2:62, 2:63: "20140404" or "2014:04:04"; "162000+0100" or with colons.
IPTC_DATE_CREATED: Final = "IPTC:DateCreated"
IPTC_TIME_CREATED: Final = "IPTC:TimeCreated"
IPTC_DIGITAL_CREATION_DATE: Final = "IPTC:DigitalCreationDate"
IPTC_DIGITAL_CREATION_TIME: Final = "IPTC:DigitalCreationTime"

PNG_CREATION_TIME: Final = "PNG:CreationTime"  # tEXt "Creation Time", any common form
PNG_MODIFY_DATE: Final = "PNG:ModifyDate"  # tIME, UTC, "2019:07:14 10:00:00"

# Files beside a photo: Google Takeout's JSON, ISO 8601 in UTC.
TAKEOUT_PHOTO_TAKEN_TIME: Final = "Takeout:PhotoTakenTime"

# The other half of a pair (the picture of a Live Photo): its wall clock, with its offset if known.
PARTNER_DATE_TIME_ORIGINAL: Final = "Partner:DateTimeOriginal"
