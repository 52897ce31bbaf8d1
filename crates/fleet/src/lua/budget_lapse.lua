-- Pays reservations whose time is over; how many.
return {lapse()}
