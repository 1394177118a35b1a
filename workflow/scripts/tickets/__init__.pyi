from tickets.exchange.applying import apply_mask as apply_mask
from tickets.exchange.applying import load_mask as load_mask
from tickets.exchange.delta import apply_delta as apply_delta
